using System.Globalization;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>An application as it stands in the form.</summary>
public sealed class ApplicationForm
{
    private static readonly (string Field, string[] Words)[] Fields =
    [
        ("ClientId", ["client_id"]), ("DisplayName", []), ("RedirectUris", ["redirect URI"]), ("PostLogoutRedirectUris", []), ("Origins", []),
        ("GrantTypes", ["grant type", "client_credentials"]), ("Scopes", []), ("RequirePkce", ["PKCE"]), ("CodeLifetime", []),
        ("AccessTokenLifetime", []), ("IdTokenLifetime", []), ("RefreshIdleLifetime", []), ("RefreshAbsoluteLifetime", []),
    ];

    /// <summary>What was read, so that nobody's change in between is lost.</summary>
    public string? Version { get; set; }

    /// <summary>The name that people see.</summary>
    public string? DisplayName { get; set; }

    /// <summary>Whether people are asked.</summary>
    public ConsentMode Consent { get; set; }

    /// <summary>One a line.</summary>
    public string? RedirectUris { get; set; }

    /// <summary>One a line.</summary>
    public string? PostLogoutRedirectUris { get; set; }

    /// <summary>One a line.</summary>
    public string? Origins { get; set; }

    /// <summary>Those that are ticked.</summary>
    public List<string> GrantTypes { get; set; } = [];

    /// <summary>Those that are ticked.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>PKCE is required.</summary>
    public bool RequirePkce { get; set; }

    /// <summary>JWT or reference.</summary>
    public AccessTokenFormat AccessTokenFormat { get; set; }

    /// <summary>What signs access tokens.</summary>
    public JwsAlgorithm AccessTokenAlgorithm { get; set; }

    /// <summary>What signs ID tokens.</summary>
    public JwsAlgorithm IdTokenAlgorithm { get; set; }

    /// <summary>As <c>00:01:00</c>; the others alike.</summary>
    public string? CodeLifetime { get; set; }

    /// <summary>Of access tokens.</summary>
    public string? AccessTokenLifetime { get; set; }

    /// <summary>Of ID tokens.</summary>
    public string? IdTokenLifetime { get; set; }

    /// <summary>Of refresh tokens that nobody uses.</summary>
    public string? RefreshIdleLifetime { get; set; }

    /// <summary>Of refresh tokens in all.</summary>
    public string? RefreshAbsoluteLifetime { get; set; }

    /// <summary>Sorts the registry's sentences to these fields.</summary>
    public static FieldProblems Sort(IEnumerable<string> problems) => FieldProblems.Of(problems, Fields);

    /// <summary>The application as it is.</summary>
    public static ApplicationForm Of(Application application, string version) => new()
    {
        Version = version,
        DisplayName = application.DisplayName,
        Consent = application.Consent,
        RedirectUris = Lines.Join(application.RedirectUris),
        PostLogoutRedirectUris = Lines.Join(application.PostLogoutRedirectUris),
        Origins = Lines.Join(application.Origins),
        GrantTypes = [.. application.GrantTypes],
        Scopes = [.. application.Scopes],
        RequirePkce = application.RequirePkce,
        AccessTokenFormat = application.AccessTokenFormat,
        AccessTokenAlgorithm = application.AccessTokenAlgorithm,
        IdTokenAlgorithm = application.IdTokenAlgorithm,
        CodeLifetime = Text(application.CodeLifetime),
        AccessTokenLifetime = Text(application.AccessTokenLifetime),
        IdTokenLifetime = Text(application.IdTokenLifetime),
        RefreshIdleLifetime = Text(application.RefreshIdleLifetime),
        RefreshAbsoluteLifetime = Text(application.RefreshAbsoluteLifetime),
    };

    /// <summary>What the form makes of the application.</summary>
    public Application Apply(Application application) => application with
    {
        DisplayName = DisplayName?.Trim() ?? "",
        Consent = Consent,
        RedirectUris = Lines.Split(RedirectUris),
        PostLogoutRedirectUris = Lines.Split(PostLogoutRedirectUris),
        Origins = Lines.Split(Origins),
        GrantTypes = GrantTypes,
        Scopes = Scopes,
        RequirePkce = RequirePkce,
        AccessTokenFormat = AccessTokenFormat,
        AccessTokenAlgorithm = AccessTokenAlgorithm,
        IdTokenAlgorithm = IdTokenAlgorithm,
        CodeLifetime = Span(CodeLifetime),
        AccessTokenLifetime = Span(AccessTokenLifetime),
        IdTokenLifetime = Span(IdTokenLifetime),
        RefreshIdleLifetime = Span(RefreshIdleLifetime),
        RefreshAbsoluteLifetime = Span(RefreshAbsoluteLifetime),
    };

    private static string Text(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);

    // What cannot be read is no time at all, which the registry refuses with the range that is allowed.
    private static TimeSpan Span(string? text) => TimeSpan.TryParseExact(text?.Trim(), "c", CultureInfo.InvariantCulture, out var span) ? span : TimeSpan.Zero;
}
