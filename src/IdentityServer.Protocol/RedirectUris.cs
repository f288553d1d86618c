using System.Globalization;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol;

/// <summary>Says which redirect URIs may be registered, and whether a requested one is a registered one.</summary>
public static class RedirectUris
{
    /// <summary>The longest redirect URI, in characters.</summary>
    public const int MaxLength = 2_000;

    private static readonly string[] LoopbackPrefixes = ["http://127.0.0.1", "http://[::1]"];

    /// <summary>What is wrong with a redirect URI that is to be registered, and what to do, as the end of a sentence that begins with the URI; null when it is fine.</summary>
    /// <param name="uri">The URI as it will be compared: character by character.</param>
    /// <param name="kind">Only native applications may have private-use schemes (RFC 8252 §7.1).</param>
    public static string? Problem(string? uri, ApplicationKind kind)
    {
        if (string.IsNullOrEmpty(uri))
            return "is empty.";
        if (uri.Length > MaxLength)
            return $"is longer than {MaxLength} characters.";
        if (uri.Any(c => c is <= ' ' or > '~' or '"' or '<' or '>' or '\\' or '^' or '`' or '{' or '|' or '}'))
            return "has a character that no URI has: write host names in punycode and percent-encode the rest.";
        if (uri.Contains('*', StringComparison.Ordinal))
            return "has a wildcard, but redirect URIs are compared character by character: register each one (RFC 9700 section 2.1).";
        if (uri.Contains('#', StringComparison.Ordinal))
            return "has a fragment: leave it out (RFC 6749 section 3.1.2).";
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || !uri.StartsWith(parsed.Scheme + ":", StringComparison.OrdinalIgnoreCase))
            return "is not an absolute URI like https://app.example/callback.";
        return parsed.Scheme is "https" or "http" ? HttpProblem(uri, parsed) : SchemeProblem(parsed, kind);
    }

    /// <summary>
    /// The origins that an application may call this server from in a browser: those it registered, or else, for a single-page app, those of
    /// its redirect URIs, which is where its JavaScript runs.
    /// </summary>
    public static IReadOnlyList<string> Origins(Application application)
    {
        if (application.Origins.Count > 0 || !application.IsBrowserBased)
            return application.Origins;
        return
        [
            .. application.RedirectUris
                .Where(uri => uri.StartsWith("https://", StringComparison.Ordinal) || uri.StartsWith("http://", StringComparison.Ordinal))
                .Select(uri => new Uri(uri).GetLeftPart(UriPartial.Authority))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// The application has registered this URI: character by character (RFC 9700 §2.1), except that "the authorization server MUST allow any port
    /// to be specified at the time of the request for loopback IP redirect URIs" of native applications (RFC 8252 §7.3).
    /// </summary>
    internal static bool IsRegistered(Application application, string requested)
    {
        if (application.RedirectUris.Contains(requested, StringComparer.Ordinal))
            return true;
        return application.Kind == ApplicationKind.Native
            && WithoutLoopbackPort(requested) is { } portless
            && application.RedirectUris.Any(registered => WithoutLoopbackPort(registered) == portless);
    }

    /// <summary>What a Content-Security-Policy calls the place where a form goes: an origin, or a private-use scheme.</summary>
    internal static string PolicySource(string redirectUri)
    {
        var uri = new Uri(redirectUri);
        // A policy has no words for an IPv6 address (CSP Level 3 §2.3.1, host-char): its scheme must do.
        return uri.Scheme is "https" or "http" && uri.HostNameType != UriHostNameType.IPv6
            ? uri.GetLeftPart(UriPartial.Authority)
            : uri.Scheme + ":";
    }

    private static string? HttpProblem(string uri, Uri parsed)
    {
        if (parsed.UserInfo.Length > 0 || Authority(uri).Contains('@', StringComparison.Ordinal))
            return "has a user name before the host: leave it out.";
        if (HasDotSegment(uri))
            return "has a dot segment: write the path that it leads to.";
        if (parsed.Scheme == "http" && !Issuer.IsLoopback(parsed.Host))
            return "is http, which only loopback hosts may use: make it https.";
        return null;
    }

    private static string? SchemeProblem(Uri parsed, ApplicationKind kind)
    {
        if (kind != ApplicationKind.Native)
            return "has a scheme of its own, which only native applications may use: make it https.";
        // RFC 8252 §7.1: "apps MUST use a URI scheme based on a domain name under their control, expressed in reverse order". It also keeps javascript: and data: out.
        if (!parsed.Scheme.Contains('.', StringComparison.Ordinal))
            return "has a scheme without a dot: use your domain in reverse, like com.example.app:/callback (RFC 8252 section 7.1).";
        return parsed.UserInfo.Length > 0 ? "has a user name before the host: leave it out." : null;
    }

    private static string Authority(string uri)
    {
        var start = uri.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = uri.AsSpan(start).IndexOfAny('/', '?');
        return end < 0 ? uri[start..] : uri.Substring(start, end);
    }

    private static bool HasDotSegment(string uri)
    {
        var path = uri.Split('?')[0].Replace("%2e", ".", StringComparison.OrdinalIgnoreCase).Replace("%2f", "/", StringComparison.OrdinalIgnoreCase);
        return path.Split('/').Any(segment => segment is "." or "..");
    }

    // On the characters: a parser that normalises would let other spellings of the same address pass.
    private static string? WithoutLoopbackPort(string uri)
    {
        var prefix = Array.Find(LoopbackPrefixes, prefix => uri.StartsWith(prefix, StringComparison.Ordinal));
        if (prefix is null)
            return null;

        var rest = uri[prefix.Length..];
        if (rest.StartsWith(':'))
        {
            var digits = rest[1..].TakeWhile(char.IsAsciiDigit).Count();
            if (!IsPort(rest.Substring(1, digits)))
                return null;
            rest = rest[(1 + digits)..];
        }

        return rest.Length == 0 || rest[0] is '/' or '?' ? prefix + rest : null;
    }

    private static bool IsPort(string digits) =>
        digits is { Length: >= 1 and <= 5 } && digits[0] != '0' && int.Parse(digits, CultureInfo.InvariantCulture) <= ushort.MaxValue;
}
