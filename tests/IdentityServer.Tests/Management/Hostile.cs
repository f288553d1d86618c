using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IdentityServer.Tests.Management;

/// <summary>Makes requests from the API's description: some nearly right, some as an attacker or a broken program would send them.</summary>
internal sealed class Hostile(int seed)
{
    private static readonly string[] Texts =
    [
        "", " ", "a", "openid", "x@example.com", "+491701234567", "null", "-1", "' OR 1=1 --", "<script>", "\u0000", "%", "_", "../..", "🦊", "\u202e", "é".Normalize(NormalizationForm.FormD),
        new string('x', 5_000), "https://a.example/", "2026-01-01T00:00:00Z", "99999-99-99", "true", "{}", "\"", "\\",
    ];

    private static readonly string[] Numbers = ["0", "1", "-1", "50", "2147483647", "2147483648", "-9223372036854775809", "1.5", "1e400", "NaN", "abc", ""];
    private static readonly string[] Bodies = ["", "null", "[]", "{", "\"text\"", "1", "{\"a\":1}", "{\"a\":1,\"a\":2}", "\uFEFF{}", "{\"name\":\"\\ud800\"}", "nonsense"];

    private uint state = (uint)seed;

    public HttpRequestMessage Request(JsonElement document, string method, string path, JsonElement operation)
    {
        var query = new List<string>();
        var request = new HttpRequestMessage { Method = new HttpMethod(method.ToUpperInvariant()) };
        foreach (var parameter in operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : [])
        {
            var (name, place) = (parameter.GetProperty("name").GetString()!, parameter.GetProperty("in").GetString());
            var schema = parameter.TryGetProperty("schema", out var given) ? given : default;
            if (place == "path")
                path = path.Replace($"{{{name}}}", Uri.EscapeDataString(PathValue(schema)), StringComparison.Ordinal);
            else if (place == "query" && Next(2) == 0)
                query.Add($"{name}={Uri.EscapeDataString(Next(3) == 0 ? Pick(Texts) : Scalar(schema))}");
            else if (place == "header" && Next(2) == 0)
                request.Headers.TryAddWithoutValidation(name, Pick(["*", "\"x\"", "W/\"x\"", "nonsense", "\""]));
        }

        request.RequestUri = new Uri($"https://localhost{path}{(query.Count == 0 ? "" : "?" + string.Join('&', query))}");
        if (operation.TryGetProperty("requestBody", out var body) && Next(10) > 0)
            request.Content = Content(document, body);
        return request;
    }

    private StringContent Content(JsonElement document, JsonElement body)
    {
        var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        var text = Next(4) == 0 ? Pick(Bodies) : Value(document, schema, depth: 0)?.ToJsonString() ?? "null";
        var media = Next(12) == 0 ? Pick(["text/plain", "application/x-www-form-urlencoded", "application/xml"]) : "application/json";
        return new StringContent(text, Encoding.UTF8, media);
    }

    private JsonNode? Value(JsonElement document, JsonElement schema, int depth)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (Next(12) == 0 || depth > 4)
            return Pick<JsonNode?>([null, 1, -1.5, "text", true, new JsonArray(), new JsonObject(), new JsonArray(null, 1, "a")])?.DeepClone();
        foreach (var choice in new[] { "oneOf", "anyOf" })
        {
            if (schema.TryGetProperty(choice, out var choices))
                return Value(document, Pick([.. choices.EnumerateArray()]), depth + 1);
        }

        if (schema.TryGetProperty("enum", out var values))
            return JsonNode.Parse(Pick([.. values.EnumerateArray()]).GetRawText());

        return Kind(schema) switch
        {
            "object" => Object(document, schema, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, Next(8) == 0 ? 150 : Next(3)).Select(_ => schema.TryGetProperty("items", out var items) ? Value(document, items, depth + 1) : null)]),
            "boolean" => Next(2) == 0,
            "integer" or "number" => Pick<JsonNode>([0, 1, -1, int.MaxValue, int.MinValue, 3_000_000_000, 1.5]).DeepClone(),
            _ => Next(4) == 0 ? Scalar(schema) : Pick(Texts),
        };
    }

    private JsonObject Object(JsonElement document, JsonElement schema, int depth)
    {
        var result = new JsonObject();
        foreach (var property in schema.TryGetProperty("properties", out var all) ? all.EnumerateObject() : [])
        {
            if (Next(3) > 0)
                result[property.Name] = Value(document, property.Value, depth + 1);
        }

        if (Next(15) == 0)
            result["__proto__"] = new string('y', 10_000);
        return result;
    }

    private string PathValue(JsonElement schema) => IsGuid(schema) ? Pick([Guid.Empty.ToString(), "1", Scalar(schema)]) : Pick(["none", "a b", "%2F", "..%2f", "日本", "spa'--", new string('i', 300)]);

    private string Scalar(JsonElement schema) => Kind(schema) switch
    {
        "integer" or "number" => Pick(Numbers),
        "boolean" => Pick(["true", "false", "1", "maybe"]),
        _ when IsGuid(schema) => Pick([Guid.Empty.ToString(), "not-an-id", new Guid(Next(int.MaxValue), 0, 0, new byte[8]).ToString("D", CultureInfo.InvariantCulture)]),
        _ when schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("format", out var format) && format.GetString() == "date-time" =>
            Pick(["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "yesterday"]),
        _ => Pick(Texts),
    };

    private static bool IsGuid(JsonElement schema) => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("format", out var format) && format.GetString() == "uuid";

    private static string? Kind(JsonElement schema) => schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type) ? null
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()).FirstOrDefault(one => one is not ("null" or "string")) ?? "string"
        : type.GetString();

    private T Pick<T>(T[] from) => from[Next(from.Length)];

    // Xorshift: the same in every run and on every machine.
    private int Next(int below)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return (int)(state % (uint)below);
    }
}
