using IdentityServer.Protocol;

namespace IdentityServer.Hosting;

/// <summary>Rules for <c>Server:Issuer</c>.</summary>
internal static class ServerAddress
{
    /// <summary>What is wrong with the issuer.</summary>
    public static IEnumerable<string> Problems(string? issuer, IHostEnvironment environment)
    {
        if (issuer is null)
        {
            if (!environment.IsDevelopment())
                yield return "Server:Issuer is missing. Set it to this server's public address, e.g. Server__Issuer=https://id.example.com.";
            yield break;
        }

        // OpenID Connect Discovery 1.0 §3: "URL using the https scheme with no query or fragment components".
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var address) || address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
            yield return $"Server:Issuer: \"{issuer}\" is not an address such as https://id.example.com.";
        else if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && Issuer.IsLoopback(address.Host)))
            yield return "Server:Issuer must use https (http on localhost only).";
        else if (address.AbsolutePath != "/")
            yield return $"Server:Issuer must not have a path: cookies and redirects are for a host of its own. Write {address.GetLeftPart(UriPartial.Authority)}.";
        else if (issuer.EndsWith('/'))
            yield return $"Server:Issuer must not end with a slash: clients compare it as an exact string. Write {issuer.TrimEnd('/')}.";
    }
}
