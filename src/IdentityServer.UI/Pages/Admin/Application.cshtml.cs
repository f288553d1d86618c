using IdentityServer.Core.Administration;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Grants;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>One application: code to copy, secrets, settings. What configuration declares can be looked at only.</summary>
public sealed class ApplicationModel(
    ApplicationAdministration applications, ScopeAdministration scopes, IEnumerable<IGrant> grants, ShownSecret shown, Issuer issuer) : AdminPage
{
    private const int AllScopes = 1000;

    /// <summary>Its client id.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Id { get; set; }

    /// <summary>The application.</summary>
    public ApplicationView View { get; private set; } = null!;

    /// <summary>What stands in the form.</summary>
    public ApplicationForm Form { get; private set; } = null!;

    /// <summary>What is wrong with it.</summary>
    public FieldProblems Problems { get; private set; } = FieldProblems.None;

    /// <summary>Grant types to choose from.</summary>
    public IReadOnlyList<string> Grants { get; } = [.. grants.Select(grant => grant.GrantType).Order(StringComparer.Ordinal)];

    /// <summary>Scopes to choose from.</summary>
    public IReadOnlyList<string> Scopes { get; private set; } = [];

    /// <summary>A secret that was just made.</summary>
    public string? Secret { get; private set; }

    /// <summary>It was just registered.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Deleting was asked for without its client id.</summary>
    public bool MustConfirm { get; private set; }

    /// <summary>Code for its developers.</summary>
    public IReadOnlyList<(string Title, string Code)> Snippets => Admin.Snippets.For(View.Application, issuer.For(HttpContext));

    /// <summary>The folded part of the form must be seen.</summary>
    public bool HasTokenProblems => Problems.ByField.Keys.Any(name => name is "RequirePkce" || name.EndsWith("Lifetime", StringComparison.Ordinal));

    /// <summary>Shows the page, with a new secret if one was just made.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken))
            return NotFound();

        IsNew = notice == "created";
        Secret = shown.Take(HttpContext, By.UserId!.Value, View.Application.ClientId);
        return Page();
    }

    /// <summary>Changes it.</summary>
    public async Task<IActionResult> OnPostSaveAsync([FromForm] ApplicationForm form, CancellationToken cancellationToken)
    {
        var change = await applications.EditAsync(Id ?? "", form.Version, form.Apply, By, cancellationToken);
        if (change is not RegistryChange.Invalid(var problems))
            return await AnswerAsync(change, "saved", cancellationToken);
        if (!await LoadAsync(cancellationToken))
            return NotFound();

        Form = form;
        Problems = ApplicationForm.Sort(problems);
        return Refuse(string.Join(" ", ["Nothing was saved.", .. Problems.Others]), StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>Adds a secret and shows it on the next page.</summary>
    public async Task<IActionResult> OnPostAddSecretAsync(CancellationToken cancellationToken)
    {
        var (change, secret) = await applications.AddSecretAsync(Id ?? "", expiresAt: null, By, cancellationToken);
        if (secret is not null)
            shown.Keep(HttpContext, By.UserId!.Value, Id!, secret.Value);
        return await AnswerAsync(change, "secret", cancellationToken);
    }

    /// <summary>Removes a secret.</summary>
    public async Task<IActionResult> OnPostRemoveSecretAsync([FromForm] Guid secret, CancellationToken cancellationToken) =>
        await AnswerAsync(await applications.RemoveSecretAsync(Id ?? "", secret, By, cancellationToken), "secret-removed", cancellationToken);

    /// <summary>Deletes it, when its client id was typed.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromForm] string? confirm, CancellationToken cancellationToken)
    {
        MustConfirm = confirm?.Trim() != Id;
        if (MustConfirm)
            return await LoadAsync(cancellationToken) ? Refuse("Nothing was deleted: the client id is missing.", StatusCodes.Status422UnprocessableEntity) : NotFound();

        var change = await applications.RemoveAsync(Id ?? "", version: null, By, cancellationToken);
        return change is RegistryChange.Done ? Done($"{Paths.Admin}/applications", "deleted-application") : await AnswerAsync(change, "", cancellationToken);
    }

    /// <summary>A grant type in short.</summary>
    public static string GrantName(string grant) => grant.StartsWith("urn:", StringComparison.Ordinal) ? $"{grant[(grant.LastIndexOf(':') + 1)..]} (one-time code)" : grant;

    private async Task<IActionResult> AnswerAsync(RegistryChange change, string notice, CancellationToken cancellationToken)
    {
        if (change is RegistryChange.Done)
            return Done(Paths.Application(Id!), notice);
        if (change is RegistryChange.NotFound || !await LoadAsync(cancellationToken))
            return NotFound();

        return Refuse(change switch
        {
            RegistryChange.Stale => "Somebody else changed it meanwhile: this is how it is now. Make your change again.",
            RegistryChange.Invalid(var problems) => string.Join(" ", problems),
            _ => ((RegistryChange.Refused)change).Reason,
        });
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(Id) || await applications.FindAsync(Id, cancellationToken) is not { } found)
            return false;
        View = found;
        Form = ApplicationForm.Of(found.Application, found.Version);
        Scopes = [.. (await scopes.ListAsync(search: null, AllScopes, offset: 0, cancellationToken)).Items.Select(view => view.Scope.Name)];
        return true;
    }
}
