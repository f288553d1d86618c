using IdentityServer.Core.Account;
using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>One account: why its owner did not get in, what happened, and what an administrator can do.</summary>
public sealed class PersonModel(
    UserQueries queries, UserAdministration users, UserStory stories, CodeUnlock codes, Register register, Issuer issuer, TimeProvider time) : AdminPage
{
    private const int MostEntries = 300;
    private const string LastAdministrator = "Nobody else could administer the server then: make somebody else an administrator first.";
    private const string Oneself = "This is your own account: another administrator has to do that.";

    /// <summary>Whose page it is.</summary>
    [BindProperty(SupportsGet = true)]
    public Guid Id { get; set; }

    /// <summary>The account.</summary>
    public new User User { get; private set; } = null!;

    /// <summary>Its roles.</summary>
    public IReadOnlyList<string> Roles { get; private set; } = [];

    /// <summary>What happened.</summary>
    public StoryView Story { get; private set; } = null!;

    /// <summary>Deleting was asked for without the word.</summary>
    public bool MustConfirm { get; private set; }

    /// <summary>Whether it has the role.</summary>
    public bool IsAdmin => Roles.Contains(RoleNames.Admin, StringComparer.Ordinal);

    /// <summary>What stands for the person.</summary>
    public string Label => User.Name ?? User.Email ?? User.PhoneNumber ?? "Somebody without name or address";

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) => await LoadAsync(cancellationToken) ? Page() : NotFound();

    /// <summary>Locks the account.</summary>
    public Task<IActionResult> OnPostDisableAsync(CancellationToken cancellationToken) =>
        ActAsync(() => users.DisableAsync(Id, By, cancellationToken), "disabled", cancellationToken, notOneself: true);

    /// <summary>Opens it again.</summary>
    public Task<IActionResult> OnPostEnableAsync(CancellationToken cancellationToken) =>
        ActAsync(() => users.EnableAsync(Id, By, cancellationToken), "enabled", cancellationToken);

    /// <summary>Ends its sessions and tokens.</summary>
    public Task<IActionResult> OnPostEndAsync(CancellationToken cancellationToken) =>
        ActAsync(() => users.EndSessionsAsync(Id, By, cancellationToken), "ended", cancellationToken);

    /// <summary>Gives or takes the role.</summary>
    public Task<IActionResult> OnPostRoleAsync([FromForm] bool isAdmin, CancellationToken cancellationToken) =>
        ActAsync(() => users.SetRolesAsync(Id, isAdmin ? [RoleNames.Admin] : [], By, cancellationToken), "roles", cancellationToken, notOneself: !isAdmin);

    /// <summary>Deletes it, when the word was typed.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromForm] string? confirm, CancellationToken cancellationToken)
    {
        if (confirm?.Trim().Equals("delete", StringComparison.OrdinalIgnoreCase) == true)
            return await ActAsync(() => users.DeleteAsync(Id, By, cancellationToken), "deleted-user", cancellationToken, notOneself: true, $"{Paths.Admin}/people");

        MustConfirm = true;
        return await LoadAsync(cancellationToken) ? Refuse("Nothing was deleted: the word is missing.", StatusCodes.Status422UnprocessableEntity) : NotFound();
    }

    /// <summary>Forgets wrong codes of its addresses.</summary>
    public async Task<IActionResult> OnPostUnlockAsync(CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken))
            return NotFound();
        foreach (var address in new[] { User.Email, User.PhoneNumber }.Select(text => Address.Parse(text)).OfType<Address>())
            await codes.UnlockAsync(address, By, cancellationToken);
        return Done(Paths.Person(Id), "unlocked");
    }

    /// <summary>Sends another activation code to who registered and never came.</summary>
    public async Task<IActionResult> OnPostCodeAsync(CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken))
            return NotFound();
        var requester = new Requester(User.Id, ClientId: null, By.Ip, User.Locale ?? "en", issuer.For(HttpContext));
        return await register.SendCodeAsync(User.Email ?? User.PhoneNumber, requester, cancellationToken) switch
        {
            RegisterOutcome.Accepted => Done(Paths.Person(Id), "code-sent"),
            RegisterOutcome.TryLater(var at) => Refuse($"The limits hold for administrators too: try again in {Math.Ceiling((at - time.GetUtcNow()).TotalMinutes):0} minutes.", StatusCodes.Status429TooManyRequests),
            _ => Refuse("No message can go to the account's address."),
        };
    }

    private async Task<IActionResult> ActAsync(
        Func<Task<UserChange>> act, string notice, CancellationToken cancellationToken, bool notOneself = false, string? next = null)
    {
        var change = notOneself && Id == By.UserId ? (UserChange?)null : await act();
        if (change == UserChange.Done)
            return Done(next ?? Paths.Person(Id), notice);
        return change != UserChange.NotFound && await LoadAsync(cancellationToken) ? Refuse(change is null ? Oneself : LastAdministrator) : NotFound();
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        if (await queries.FindAsync(Id, cancellationToken) is not var (user, roles) || await stories.OfUserAsync(Id, since: null, MostEntries, cancellationToken) is not { } story)
            return false;
        (User, Roles) = (user, roles);
        Story = new(StoryAnswer.Of(story, user), story);
        return true;
    }
}
