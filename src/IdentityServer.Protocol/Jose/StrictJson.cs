using System.Text.Json;
using System.Text.Unicode;

namespace IdentityServer.Protocol.Jose;

/// <summary>
/// JSON objects from outside: no member twice (RFC 7515, section 4: "MUST be unique"), no comments or trailing commas,
/// valid UTF-8, no lone surrogates, so that nothing that passed here throws when it is read later.
/// </summary>
internal static class StrictJson
{
    private const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    public static bool TryParseObject(ReadOnlySpan<byte> utf8, out JsonElement value)
    {
        value = default;
        if (!Utf8.IsValid(utf8))
            return false;
        try
        {
            ReadEscapedStrings(utf8);
            value = JsonElement.Parse(utf8, Options);
            return value.ValueKind == JsonValueKind.Object;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    // "\ud800" is well-formed for the parser and throws only when the string is asked for.
    private static void ReadEscapedStrings(ReadOnlySpan<byte> utf8)
    {
        if (!utf8.Contains((byte)'\\'))
            return;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.ValueIsEscaped)
                _ = reader.GetString();
        }
    }
}
