using System.Security.Cryptography;
using System.Text.RegularExpressions;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.Persistence;

/// <summary>What an application or a scope must be like to be registered. One sentence a problem, for the administrator.</summary>
internal static partial class RegistryRules
{
    private const int MostEntries = 100;
    private const int LongestEntry = 500;
    private static readonly TimeSpan LongestAccess = TimeSpan.FromHours(24);

    public static IEnumerable<string> Problems(Scope scope)
    {
        // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
        if (!ScopeName().IsMatch(scope.Name))
            yield return $"Scope \"{scope.Name}\": a name is 1 to 100 visible ASCII characters, without quote and backslash (RFC 6749 §3.3), and neither . nor .. alone.";
        if (scope.DisplayName?.Length > 200 || scope.Description?.Length > 1000)
            yield return $"Scope \"{scope.Name}\": at most 200 characters of DisplayName and 1,000 of Description.";
        if (HasControls(scope.DisplayName) || HasControls(scope.Description))
            yield return $"Scope \"{scope.Name}\": DisplayName and Description have no control characters.";
        foreach (var (name, entries) in new[] { ("Resources", scope.Resources), ("Claims", scope.Claims) })
        {
            if (entries.Any(string.IsNullOrWhiteSpace))
                yield return $"Scope \"{scope.Name}\": {name} holds an empty entry.";
            if (entries.Count > MostEntries || entries.Any(entry => entry?.Length > LongestEntry || HasControls(entry)))
                yield return $"Scope \"{scope.Name}\": {name} has at most {MostEntries} entries of at most {LongestEntry} characters, without control characters.";
        }
    }

    public static IEnumerable<string> Problems(Application application) =>
        Identity(application)
            .Concat(Uris(application))
            .Concat(Grants(application))
            .Concat(Lifetimes(application))
            .Select(problem => $"Application \"{application.ClientId}\": {problem}");

    public static IEnumerable<string> UnknownScopes(Application application, IReadOnlySet<string> scopes) =>
        application.Scopes.Where(scope => !scopes.Contains(scope))
            .Select(scope => $"Application \"{application.ClientId}\": Scopes: there is no scope \"{scope}\"; declare it first.");

    private static IEnumerable<string> Identity(Application application)
    {
        if (!ClientId().IsMatch(application.ClientId))
            yield return "ClientId is 1 to 100 characters of A-Z a-z 0-9 . _ ~ -, and neither . nor .. alone.";
        if (string.IsNullOrWhiteSpace(application.DisplayName) || application.DisplayName.Length > 200)
            yield return "DisplayName is what people see: 1 to 200 characters.";
        if (HasControls(application.DisplayName))
            yield return "DisplayName has no control characters.";
        foreach (var (name, entries) in Lists(application))
        {
            if (entries.Count > MostEntries)
                yield return $"{name} has at most {MostEntries} entries.";
        }

        if (application.Secrets.Any(secret => secret.Hash.Length != SHA256.HashSizeInBytes))
            yield return "a secret's Hash is its SHA-256: 32 bytes.";
        if (application.Type == ApplicationType.Public && application.Secrets.Count > 0)
            yield return "a public application runs on its users' machines and cannot keep a secret: remove Secrets, or set Type to Confidential.";
        if (application.Type == ApplicationType.Confidential && application.Secrets.Count == 0)
            yield return "a confidential application needs at least one secret: add it, or set Type to Public.";
        if (application.Type == ApplicationType.Public && !application.RequirePkce)
            yield return "PKCE can be lifted for confidential applications only: set RequirePkce to true.";
    }

    private static IEnumerable<string> Uris(Application application)
    {
        foreach (var (name, uris) in new[] { ("RedirectUris", application.RedirectUris), ("PostLogoutRedirectUris", application.PostLogoutRedirectUris) })
        {
            foreach (var uri in uris)
            {
                if (RedirectUris.Problem(uri, application.Kind) is { } problem)
                    yield return $"{name}: \"{uri}\" {problem}";
            }
        }

        foreach (var origin in application.Origins)
        {
            if (!IsWebUri(origin, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
                yield return $"Origins: \"{origin}\" is not an origin such as https://app.example: scheme, host and port, in lower case, nothing after it.";
        }
    }

    private static bool IsWebUri(string text, out Uri uri) =>
        Uri.TryCreate(text, UriKind.Absolute, out uri!)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    private static IEnumerable<string> Grants(Application application)
    {
        if (application.GrantTypes.Any(string.IsNullOrWhiteSpace))
            yield return "GrantTypes holds an empty entry.";
        if (application.Allows(GrantTypes.AuthorizationCode) && application.RedirectUris.Count == 0)
            yield return "authorization_code needs at least one redirect URI.";

        // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients."
        if (application.Allows(GrantTypes.ClientCredentials) && application.Type == ApplicationType.Public)
            yield return "client_credentials is for confidential applications only (RFC 6749 §4.4).";
    }

    private static IEnumerable<string> Lifetimes(Application application)
    {
        if (!Within(application.CodeLifetime, TimeSpan.FromMinutes(10)))
            yield return "CodeLifetime is at least 1 second and at most 10 minutes (RFC 6749 §4.1.2).";
        if (!Within(application.AccessTokenLifetime, LongestAccess) || !Within(application.IdTokenLifetime, LongestAccess))
            yield return "AccessTokenLifetime and IdTokenLifetime are at least 1 second and at most 24 hours.";
        if (!Within(application.RefreshAbsoluteLifetime, TimeSpan.FromDays(3660))
            || !Within(application.RefreshIdleLifetime, application.RefreshAbsoluteLifetime))
            yield return "RefreshIdleLifetime is at least 1 second and at most RefreshAbsoluteLifetime, which is at most ten years.";
    }

    private static (string Name, IReadOnlyList<string> Entries)[] Lists(Application application) =>
    [
        ("RedirectUris", application.RedirectUris),
        ("PostLogoutRedirectUris", application.PostLogoutRedirectUris),
        ("Origins", application.Origins),
        ("GrantTypes", application.GrantTypes),
        ("Scopes", application.Scopes),
    ];

    // Nobody types them, and PostgreSQL stores no NUL.
    private static bool HasControls(string? text) => text?.Any(char.IsControl) == true;

    private static bool Within(TimeSpan value, TimeSpan most) => value >= TimeSpan.FromSeconds(1) && value <= most;

    // RFC 3986 §5.2.4: . and .. vanish from a path, so that nobody could reach, change or remove what is called so.
    [GeneratedRegex(@"^(?!\.{1,2}\z)[A-Za-z0-9._~-]{1,100}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ClientId();

    [GeneratedRegex(@"^(?!\.{1,2}\z)[\x21\x23-\x5B\x5D-\x7E]{1,100}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ScopeName();
}
