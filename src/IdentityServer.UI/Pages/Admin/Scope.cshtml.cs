using IdentityServer.Core.Administration;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>One scope, or a new one. What the server needs and what configuration declares can be looked at only.</summary>
public sealed class ScopeModel(ScopeAdministration scopes) : AdminPage
{
    private static readonly (string, string[])[] Fields = [("DisplayName", []), ("Resources", []), ("Claims", []), ("Name", ["a name is", "of this name"])];

    /// <summary>Which; null: a new one.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    /// <summary>The scope; null for a new one.</summary>
    public ScopeView? View { get; private set; }

    /// <summary>What was read, so that nobody's change in between is lost.</summary>
    [BindProperty]
    public string? Version { get; set; }

    /// <summary>Of a new one.</summary>
    [BindProperty]
    public string? NewName { get; set; }

    /// <summary>What people read.</summary>
    [BindProperty]
    public string? DisplayName { get; set; }

    /// <summary>One sentence.</summary>
    [BindProperty]
    public string? Description { get; set; }

    /// <summary>One a line.</summary>
    [BindProperty]
    public string? Resources { get; set; }

    /// <summary>One a line.</summary>
    [BindProperty]
    public string? Claims { get; set; }

    /// <summary>What is wrong.</summary>
    public FieldProblems Problems { get; private set; } = FieldProblems.None;

    /// <summary>Deleting was asked for without its name.</summary>
    public bool MustConfirm { get; private set; }

    /// <summary>Shows the form.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (!await FindAsync(cancellationToken))
            return NotFound();
        Fill();
        return Page();
    }

    /// <summary>Adds or changes it.</summary>
    public async Task<IActionResult> OnPostSaveAsync(CancellationToken cancellationToken)
    {
        if (!await FindAsync(cancellationToken))
            return NotFound();

        var change = Name is null
            ? await scopes.AddAsync(Apply(new Scope { Name = NewName?.Trim() ?? "" }), By, cancellationToken)
            : await scopes.EditAsync(Name, Version, Apply, By, cancellationToken);
        switch (change)
        {
            case RegistryChange.Done:
                return Done(Paths.Scope(Name ?? NewName!.Trim()), "saved");
            case RegistryChange.NotFound:
                return NotFound();
            case RegistryChange.Stale:
                Fill();
                return Refuse("Somebody else changed it meanwhile: this is how it is now. Make your change again.");
            case RegistryChange.Invalid(var problems):
                Problems = FieldProblems.Of(problems, Fields);
                return Refuse(string.Join(" ", ["Nothing was saved.", .. Problems.Others]), StatusCodes.Status422UnprocessableEntity);
            default:
                return Refuse(((RegistryChange.Refused)change).Reason);
        }
    }

    /// <summary>Deletes it, when its name was typed and no application may ask for it.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromForm] string? confirm, CancellationToken cancellationToken)
    {
        if (Name is null || !await FindAsync(cancellationToken))
            return NotFound();

        Fill();
        MustConfirm = confirm?.Trim() != Name;
        if (MustConfirm)
            return Refuse("Nothing was deleted: the name is missing.", StatusCodes.Status422UnprocessableEntity);
        return await scopes.RemoveAsync(Name, version: null, By, cancellationToken) switch
        {
            RegistryChange.Done => Done($"{Paths.Admin}/scopes", "deleted-scope"),
            RegistryChange.Refused(var reason) => Refuse(reason),
            _ => NotFound(),
        };
    }

    private async Task<bool> FindAsync(CancellationToken cancellationToken)
    {
        View = Name is null ? null : await scopes.FindAsync(Name, cancellationToken);
        return Name is null || View is not null;
    }

    private void Fill()
    {
        if (View is not { } view)
            return;
        (Version, DisplayName, Description) = (view.Version, view.Scope.DisplayName, view.Scope.Description);
        (Resources, Claims) = (Lines.Join(view.Scope.Resources), Lines.Join(view.Scope.Claims));
    }

    private Scope Apply(Scope scope) => scope with
    {
        DisplayName = string.IsNullOrWhiteSpace(DisplayName) ? null : DisplayName.Trim(),
        Description = string.IsNullOrWhiteSpace(Description) ? null : Description.Trim(),
        Resources = Lines.Split(Resources),
        Claims = Lines.Split(Claims),
    };
}
