using System.Text.Json;

namespace IdentityServer.Tests.Management;

/// <summary>Holds JSON against a schema of the API's description, as far as types, enumerations, required and unknown properties go.</summary>
internal sealed class Described(JsonElement document)
{
    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Problem(JsonElement value, JsonElement schema, string at = "$")
    {
        if (schema.TryGetProperty("$ref", out var reference))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (schema.TryGetProperty("oneOf", out var choices) || schema.TryGetProperty("anyOf", out choices))
            return choices.EnumerateArray().Any(choice => Problem(value, choice, at) is null) ? null : $"{at} fits no choice";
        if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
            return $"{at} is none of the enumeration: {value}";
        if (schema.TryGetProperty("type", out var type) && !Kinds(type).Contains(Kind(value), StringComparer.Ordinal))
            return $"{at} is {Kind(value)}, not {type}";

        return value.ValueKind switch
        {
            JsonValueKind.Object => OfObject(value, schema, at),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().Select(item => Problem(item, items, $"{at}[]")).FirstOrDefault(problem => problem is not null),
            _ => null,
        };
    }

    private string? OfObject(JsonElement value, JsonElement schema, string at)
    {
        var known = schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().ToDictionary(property => property.Name, property => property.Value) : [];
        var missing = schema.TryGetProperty("required", out var required) ? required.EnumerateArray().FirstOrDefault(name => !value.TryGetProperty(name.GetString()!, out _)) : default;
        if (missing.ValueKind == JsonValueKind.String)
            return $"{at} lacks {missing}";
        var further = schema.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.Object ? additional : (JsonElement?)null;
        foreach (var property in value.EnumerateObject())
        {
            if (!known.TryGetValue(property.Name, out var described) && further is null)
                return $"{at}.{property.Name} is not described";
            if (Problem(property.Value, known.ContainsKey(property.Name) ? described : further!.Value, $"{at}.{property.Name}") is { } problem)
                return problem;
        }

        return null;
    }

    private static IEnumerable<string?> Kinds(JsonElement type) => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()) : [type.GetString()];

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        var kind => kind.ToString().ToLowerInvariant(),
    };
}
