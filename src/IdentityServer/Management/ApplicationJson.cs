using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Jose;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Management;

/// <summary>An application on the wire. Lifetimes are in seconds.</summary>
internal sealed record ApplicationJson(
    string ClientId,
    string DisplayName,
    ApplicationType Type,
    ApplicationKind Kind,
    ConsentMode Consent,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> PostLogoutRedirectUris,
    IReadOnlyList<string> Origins,
    IReadOnlyList<string> GrantTypes,
    IReadOnlyList<string> Scopes,
    bool RequirePkce,
    AccessTokenFormat AccessTokenFormat,
    string IdTokenAlgorithm,
    string AccessTokenAlgorithm,
    int CodeLifetime,
    int AccessTokenLifetime,
    int IdTokenLifetime,
    int RefreshIdleLifetime,
    int RefreshAbsoluteLifetime,
    IReadOnlyList<SecretJson> Secrets,
    bool Declared)
{
    public static ApplicationJson Of(ApplicationView view)
    {
        var application = view.Application;
        return new(
            application.ClientId,
            application.DisplayName,
            application.Type,
            application.Kind,
            application.Consent,
            application.RedirectUris,
            application.PostLogoutRedirectUris,
            application.Origins,
            application.GrantTypes,
            application.Scopes,
            application.RequirePkce,
            application.AccessTokenFormat,
            application.IdTokenAlgorithm.ToString(),
            application.AccessTokenAlgorithm.ToString(),
            (int)application.CodeLifetime.TotalSeconds,
            (int)application.AccessTokenLifetime.TotalSeconds,
            (int)application.IdTokenLifetime.TotalSeconds,
            (int)application.RefreshIdleLifetime.TotalSeconds,
            (int)application.RefreshAbsoluteLifetime.TotalSeconds,
            [.. view.Secrets.Select(SecretJson.Of)],
            view.IsDeclared);
    }
}

/// <summary>A secret's trace: the secret itself is shown once, when it is made.</summary>
internal sealed record SecretJson(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    public static SecretJson Of(ApplicationSecretRow row) => new(row.Id, row.CreatedAt, row.ExpiresAt);
}

/// <summary>A secret that was just made. <c>client_secret</c> is shown this once.</summary>
internal sealed record NewSecretJson(Guid Id, string ClientSecret, DateTimeOffset? ExpiresAt)
{
    public static NewSecretJson Of(NewSecret secret) => new(secret.Id, secret.Value, secret.ExpiresAt);
}

/// <summary>An application that was just registered; a confidential one with its first secret, shown this once.</summary>
internal sealed record NewApplicationJson(ApplicationJson Application, NewSecretJson? Secret);

/// <summary>When a new secret stops working; never when absent.</summary>
internal sealed record NewSecretRequest(DateTimeOffset? ExpiresAt = null);

/// <summary>What of an application is to be changed; what is absent stays. Lifetimes are in seconds.</summary>
internal record ApplicationChangesRequest
{
    /// <summary>The name that people see.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Whether people are asked; <c>implicit</c> for your own applications.</summary>
    public ConsentMode? Consent { get; init; }

    /// <summary>Where people come back to, compared exactly.</summary>
    public IReadOnlyList<string>? RedirectUris { get; init; }

    /// <summary>Where people come to after signing out, compared exactly.</summary>
    public IReadOnlyList<string>? PostLogoutRedirectUris { get; init; }

    /// <summary>Origins that may call from a browser; empty: those of a single-page app's redirect URIs.</summary>
    public IReadOnlyList<string>? Origins { get; init; }

    /// <summary>What it may ask tokens with.</summary>
    public IReadOnlyList<string>? GrantTypes { get; init; }

    /// <summary>What it may ask for.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>False only for a confidential application that cannot do PKCE.</summary>
    public bool? RequirePkce { get; init; }

    /// <summary>JWT, or a handle that only introspection understands.</summary>
    public AccessTokenFormat? AccessTokenFormat { get; init; }

    /// <summary>RS256 or ES256.</summary>
    public string? IdTokenAlgorithm { get; init; }

    /// <summary>RS256 or ES256.</summary>
    public string? AccessTokenAlgorithm { get; init; }

    /// <summary>At most 600.</summary>
    public int? CodeLifetime { get; init; }

    /// <summary>At most 86,400.</summary>
    public int? AccessTokenLifetime { get; init; }

    /// <summary>At most 86,400.</summary>
    public int? IdTokenLifetime { get; init; }

    /// <summary>A refresh token that was not used for this long ends.</summary>
    public int? RefreshIdleLifetime { get; init; }

    /// <summary>A refresh token and its successors end at this age.</summary>
    public int? RefreshAbsoluteLifetime { get; init; }

    /// <summary>What is wrong with it by itself; null when nothing is.</summary>
    public IResult? Check() =>
        !IsAlgorithm(IdTokenAlgorithm) ? Problem.Field("id_token_algorithm", "Must be RS256 or ES256.")
        : !IsAlgorithm(AccessTokenAlgorithm) ? Problem.Field("access_token_algorithm", "Must be RS256 or ES256.")
        : null;

    /// <summary>The application as it is to be.</summary>
    public Application ApplyTo(Application application) => application with
    {
        DisplayName = DisplayName ?? application.DisplayName,
        Consent = Consent ?? application.Consent,
        RedirectUris = RedirectUris ?? application.RedirectUris,
        PostLogoutRedirectUris = PostLogoutRedirectUris ?? application.PostLogoutRedirectUris,
        Origins = Origins ?? application.Origins,
        GrantTypes = GrantTypes ?? application.GrantTypes,
        Scopes = Scopes ?? application.Scopes,
        RequirePkce = RequirePkce ?? application.RequirePkce,
        AccessTokenFormat = AccessTokenFormat ?? application.AccessTokenFormat,
        IdTokenAlgorithm = Algorithm(IdTokenAlgorithm) ?? application.IdTokenAlgorithm,
        AccessTokenAlgorithm = Algorithm(AccessTokenAlgorithm) ?? application.AccessTokenAlgorithm,
        CodeLifetime = Seconds(CodeLifetime) ?? application.CodeLifetime,
        AccessTokenLifetime = Seconds(AccessTokenLifetime) ?? application.AccessTokenLifetime,
        IdTokenLifetime = Seconds(IdTokenLifetime) ?? application.IdTokenLifetime,
        RefreshIdleLifetime = Seconds(RefreshIdleLifetime) ?? application.RefreshIdleLifetime,
        RefreshAbsoluteLifetime = Seconds(RefreshAbsoluteLifetime) ?? application.RefreshAbsoluteLifetime,
    };

    private static bool IsAlgorithm(string? text) => text is null || Algorithm(text) is not null;

    private static JwsAlgorithm? Algorithm(string? text) => text switch { "RS256" => JwsAlgorithm.RS256, "ES256" => JwsAlgorithm.ES256, _ => null };

    private static TimeSpan? Seconds(int? seconds) => seconds is { } number ? TimeSpan.FromSeconds(number) : null;
}

/// <summary>A new application. What is absent has a safe default.</summary>
internal sealed record NewApplicationRequest : ApplicationChangesRequest
{
    /// <summary>The public name on the wire: 1 to 100 characters of A-Z a-z 0-9 . _ ~ -, and neither . nor .. alone.</summary>
    public required string ClientId { get; init; }

    /// <summary>Public: in a browser or installed. Confidential: on a server, with a secret.</summary>
    public required ApplicationType Type { get; init; }

    /// <summary>Web, or native for installed ones.</summary>
    public ApplicationKind Kind { get; init; }
}
