using System.Buffers;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol;

/// <summary>Reads the <c>scope</c> parameter.</summary>
public static class RequestedScopes
{
    // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ).
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Select(code => (char)code).Except(['"', '\\'])]);

    /// <summary>The scopes that <paramref name="parameter"/> names, each once, in its order; every one is known and <paramref name="application"/>'s to ask for.</summary>
    /// <returns>The scopes, or <c>invalid_scope</c>.</returns>
    public static (IReadOnlyList<string> Scopes, ProtocolError? Error) Read(
        string parameter, Application application, IReadOnlyDictionary<string, Scope> known)
    {
        var scopes = new List<string>();
        foreach (var name in parameter.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!known.ContainsKey(name) || !application.Scopes.Contains(name, StringComparer.Ordinal))
                return ([], ProtocolError.InvalidScope($"The scope {Printable(name)} is unknown or not this client's to ask for. Separate scopes by single spaces."));
            if (!scopes.Contains(name, StringComparer.Ordinal))
                scopes.Add(name);
        }

        return scopes.Count == 0 ? ([], ProtocolError.InvalidScope("The scope parameter names no scope.")) : (scopes, null);
    }

    private static string Printable(string name) =>
        name.Length <= 60 && !name.AsSpan().ContainsAnyExcept(TokenCharacters) ? name : "with the odd name";
}
