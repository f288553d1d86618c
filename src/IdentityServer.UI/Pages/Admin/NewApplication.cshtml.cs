using System.Text.RegularExpressions;
using IdentityServer.Core.Administration;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>A kind of application, as the guide offers it.</summary>
/// <param name="Kind">In the address.</param>
/// <param name="Name">For people.</param>
/// <param name="Words">When it fits.</param>
/// <param name="Example">A redirect URI.</param>
public sealed record ApplicationGuide(string Kind, string Name, string Words, string Example);

/// <summary>Registers an application in two steps: its kind, then its name and addresses. Everything else begins with safe defaults.</summary>
public sealed partial class NewApplicationModel(ApplicationAdministration applications, ScopeAdministration scopes, ShownSecret shown) : AdminPage
{
    /// <summary>The grant that applications of the deployment's own use without a browser.</summary>
    internal const string OneTimeCode = "urn:identityserver:params:oauth:grant-type:otp";

    private const int AllScopes = 1000;
    private static readonly string[] OfPeople = [ScopeNames.OpenId, ScopeNames.Profile, ScopeNames.Email, ScopeNames.Phone, ScopeNames.OfflineAccess];
    private static readonly string[] Usual = [ScopeNames.OpenId, ScopeNames.Profile, ScopeNames.Email, ScopeNames.OfflineAccess];

    /// <summary>The kinds.</summary>
    public static IReadOnlyList<ApplicationGuide> Guides { get; } =
    [
        new("spa", "Single-page app", "Runs in the browser, without a server of its own that could keep a secret. Code flow with PKCE.", "https://app.example/callback"),
        new("web", "Web app", "Runs on a server that keeps a secret. Code flow with PKCE and the secret.", "https://shop.example/signin-oidc"),
        new("native", "Native app", "Installed on a phone or a computer. Code flow in the system's browser, or one-time codes typed into your own app.", "com.example.app:/callback or http://127.0.0.1/callback"),
        new("machine", "Machine", "A server or a job that acts for itself: nobody signs in. Client credentials with a secret.", ""),
    ];

    /// <summary>Which of <see cref="Guides"/>.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Kind { get; set; }

    /// <summary>The name that people see.</summary>
    [BindProperty]
    public string? DisplayName { get; set; }

    /// <summary>Made from the name when empty.</summary>
    [BindProperty]
    public string? ClientId { get; set; }

    /// <summary>One a line.</summary>
    [BindProperty]
    public string? RedirectUris { get; set; }

    /// <summary>One a line.</summary>
    [BindProperty]
    public string? PostLogoutRedirectUris { get; set; }

    /// <summary>People are not asked.</summary>
    [BindProperty]
    public bool IsOurs { get; set; }

    /// <summary>It uses the one-time-code grant.</summary>
    [BindProperty]
    public bool TakesCodes { get; set; }

    /// <summary>Those that are ticked.</summary>
    [BindProperty]
    public List<string> Scopes { get; set; } = [];

    /// <summary>The kind that was chosen.</summary>
    public ApplicationGuide? Guide => Guides.FirstOrDefault(guide => guide.Kind == Kind);

    /// <summary>Scopes to choose from.</summary>
    public IReadOnlyList<string> Offered { get; private set; } = [];

    /// <summary>What is wrong.</summary>
    public FieldProblems Problems { get; private set; } = FieldProblems.None;

    /// <summary>Shows the kinds, or the form for one.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Scopes = Kind == "machine" ? [] : [.. Usual];
    }

    /// <summary>Registers it, and shows its secret on the next page.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Guide is null)
            return NotFound();
        if (string.IsNullOrWhiteSpace(ClientId))
            ClientId = NotForIds().Replace((DisplayName ?? "").Trim().ToLowerInvariant(), "-").Trim('-');

        var application = Read();
        var (change, secret) = await applications.AddAsync(application, By, cancellationToken);
        if (change is RegistryChange.Done)
        {
            if (secret is not null)
                shown.Keep(HttpContext, By.UserId!.Value, application.ClientId, secret.Value);
            return Done(Paths.Application(application.ClientId), "created");
        }

        await LoadAsync(cancellationToken);
        Problems = ApplicationForm.Sort(change is RegistryChange.Invalid(var problems) ? problems : [((RegistryChange.Refused)change).Reason]);
        return Refuse(string.Join(" ", ["Nothing was registered.", .. Problems.Others]), StatusCodes.Status422UnprocessableEntity);
    }

    // Whoever types a code into an application trusts it with the account, so that such an application is the deployment's own.
    private Application Read()
    {
        var uris = Lines.Split(RedirectUris);
        var takesCodes = TakesCodes && Kind == "native";
        string[] grants = Kind == "machine" ? [GrantTypes.ClientCredentials]
            : [.. uris.Count > 0 || !takesCodes ? [GrantTypes.AuthorizationCode] : Array.Empty<string>(), .. takesCodes ? [OneTimeCode] : Array.Empty<string>(), GrantTypes.RefreshToken];
        return new Application
        {
            Id = Guid.Empty,
            ClientId = ClientId?.Trim() ?? "",
            DisplayName = DisplayName?.Trim() ?? "",
            Type = Kind is "web" or "machine" ? ApplicationType.Confidential : ApplicationType.Public,
            Kind = Kind == "native" ? ApplicationKind.Native : ApplicationKind.Web,
            Consent = IsOurs || takesCodes || Kind == "machine" ? ConsentMode.Implicit : ConsentMode.Explicit,
            RedirectUris = Kind == "machine" ? [] : uris,
            PostLogoutRedirectUris = Kind == "machine" ? [] : Lines.Split(PostLogoutRedirectUris),
            GrantTypes = grants,
            Scopes = Scopes,
        };
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var all = (await scopes.ListAsync(search: null, AllScopes, offset: 0, cancellationToken)).Items.Select(view => view.Scope.Name);
        Offered = [.. all.Where(scope => Kind != "machine" || !OfPeople.Contains(scope, StringComparer.Ordinal))];
    }

    [GeneratedRegex("[^a-z0-9._~-]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NotForIds();
}
