using System.Globalization;
using System.Text.Json;

namespace IdentityServer.Protocol.Tokens;

/// <summary>Claims that several tokens share.</summary>
internal static class ClaimWriting
{
    /// <summary>RFC 7519 §4.1.3: one string when there is one value, an array otherwise.</summary>
    public static void WriteStrings(this Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 1)
        {
            json.WriteString(name, values[0]);
            return;
        }

        WriteArray(json, name, values);
    }

    /// <summary><c>auth_time</c>, <c>amr</c> (OpenID Connect Core §2) and <c>sid</c> (Front-Channel Logout §3), as far as they are known.</summary>
    public static void WriteAuthentication(this Utf8JsonWriter json, DateTimeOffset? at, IReadOnlyList<string> methods, Guid? sessionId)
    {
        if (at is { } time)
            json.WriteNumber("auth_time"u8, time.ToUnixTimeSeconds());
        if (methods.Count > 0)
            WriteArray(json, "amr", methods);
        if (sessionId is { } session)
            json.WriteString("sid"u8, session.ToString("D", CultureInfo.InvariantCulture));
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
