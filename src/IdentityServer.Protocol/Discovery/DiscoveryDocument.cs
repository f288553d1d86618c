using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.Clients;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Discovery;

/// <summary>What the server has: everything that its description is made of.</summary>
/// <param name="Issuer">Its <c>iss</c>.</param>
/// <param name="Endpoints">Members such as <c>token_endpoint</c>, with paths.</param>
/// <param name="GrantTypes">Of the registered grants.</param>
/// <param name="Scopes">The registry's.</param>
/// <param name="SigningAlgorithms">That there are keys for.</param>
/// <param name="Options">What the administrator says about it.</param>
internal sealed record ServerFacts(
    string Issuer,
    IReadOnlyDictionary<string, string> Endpoints,
    IEnumerable<string> GrantTypes,
    IEnumerable<Scope> Scopes,
    IEnumerable<JwsAlgorithm> SigningAlgorithms,
    ProtocolOptions Options);

/// <summary>The server's description of itself (OpenID Connect Discovery §3, RFC 8414 §2).</summary>
internal static class DiscoveryDocument
{
    // Claims of an ID token that come from the sign-in itself and not from a scope.
    private static readonly string[] OwnClaims = ["sub", "auth_time", "amr", "sid"];

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the document.</summary>
    public static ReadyDocument Write(ServerFacts facts)
    {
        var scopes = facts.Scopes.ToList();
        var document = new JsonObject { ["issuer"] = facts.Issuer };
        foreach (var (member, path) in facts.Endpoints)
            document[member] = facts.Issuer.TrimEnd('/') + path;

        document["scopes_supported"] = Sorted(scopes.Select(scope => scope.Name));
        document["response_types_supported"] = List(["code"]);
        document["response_modes_supported"] = List(ResponseModes.All);
        document["grant_types_supported"] = Sorted(facts.GrantTypes);
        document["subject_types_supported"] = List(["public"]);
        document["id_token_signing_alg_values_supported"] = Sorted(facts.SigningAlgorithms.Select(algorithm => algorithm.ToWireName()));
        document["code_challenge_methods_supported"] = List([Pkce.Method]);
        document["prompt_values_supported"] = List(Prompts.All);
        document["claims_supported"] = List(OwnClaims.Concat(scopes.SelectMany(scope => scope.Claims).Order(StringComparer.Ordinal)).Distinct(StringComparer.Ordinal));
        AddAuthenticationMethods(document);
        document["authorization_response_iss_parameter_supported"] = true;
        document["claims_parameter_supported"] = false;
        document["request_parameter_supported"] = false;
        // "If omitted, the default value is true" (OpenID Connect Discovery §3).
        document["request_uri_parameter_supported"] = false;
        if (facts.Options.UiLocales.Count > 0)
            document["ui_locales_supported"] = List(facts.Options.UiLocales);
        if (facts.Options.ServiceDocumentation is { } page)
            document["service_documentation"] = page;
        return new ReadyDocument(JsonSerializer.SerializeToUtf8Bytes(document, Plain));
    }

    private static void AddAuthenticationMethods(JsonObject document)
    {
        if (document.ContainsKey("token_endpoint"))
            document["token_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All);
        if (document.ContainsKey("revocation_endpoint"))
            document["revocation_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All);
        // RFC 7662 §2.1: the endpoint "MUST also require some form of authorization", so "none" is none.
        if (document.ContainsKey("introspection_endpoint"))
            document["introspection_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All.Where(method => method != ClientAuthenticationMethods.None));
    }

    private static JsonArray Sorted(IEnumerable<string> values) => List(values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
