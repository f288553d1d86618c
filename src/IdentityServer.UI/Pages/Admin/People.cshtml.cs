using IdentityServer.Core.Administration;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Accounts to search in; and with <c>?address=</c> what happened to an address that has none.</summary>
public sealed class PeopleModel(UserQueries users, UserStory stories, CodeUnlock codes) : AdminPage
{
    private const int MostEntries = 200;

    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<SelectListItem> States { get; } =
        [new("Any", ""), new("Active", "active"), new("Registered, never active", "registered"), new("Disabled", "disabled")];

    /// <summary>Part of a name or an address.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    /// <summary>One of <see cref="States"/>.</summary>
    [BindProperty(SupportsGet = true)]
    public string? State { get; set; }

    /// <summary>Only those with this role.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Role { get; set; }

    /// <summary>As <see cref="UserQueries.Sorts"/>, a minus in front for the other way round.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Sort { get; set; }

    /// <summary>This part of the list.</summary>
    public IReadOnlyList<UserWithRoles> People { get; private set; } = [];

    /// <summary>Rows of the whole list.</summary>
    public int Count { get; private set; }

    /// <summary>What was searched for, when it is an address.</summary>
    public string? Searched { get; private set; }

    /// <summary>The address whose story is told.</summary>
    public string? Address { get; private set; }

    /// <summary>Its story; null for the list.</summary>
    public StoryView? Story { get; private set; }

    /// <summary>Shows the list, or an address; one that has an account leads to its page.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery] string? address, CancellationToken cancellationToken)
    {
        if (address is not null && Core.Users.Address.Parse(address) is { } known)
        {
            if (await users.FindIdAsync(known, cancellationToken) is { } id)
                return new SeeOther(Paths.Person(id));
            return await TellAsync(known, cancellationToken);
        }

        await ListAsync(cancellationToken);
        return address is null ? Page() : Refuse("This is neither an e-mail address nor a phone number with its country's code.", StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>Forgets the wrong codes of an address without an account.</summary>
    public async Task<IActionResult> OnPostUnlockAsync([FromForm] string? address, CancellationToken cancellationToken)
    {
        if (Core.Users.Address.Parse(address) is not { } known)
            return BadRequest();
        await codes.UnlockAsync(known, By, cancellationToken);
        return Done(Paths.AddressStory(known.Value), "unlocked");
    }

    /// <summary>For <c>aria-sort</c>.</summary>
    public string? SortedBy(string sort) => Sort == sort ? "ascending" : Sort == $"-{sort}" ? "descending" : null;

    /// <summary>Sorts by it, or the other way round when it is sorted so already.</summary>
    public string SortUrl(string sort) => Here.With(Request, ("sort", Sort == sort ? $"-{sort}" : sort), ("from", null));

    private async Task<IActionResult> TellAsync(Address address, CancellationToken cancellationToken)
    {
        Address = address.Value;
        var story = await stories.OfAddressAsync(address, since: null, MostEntries, cancellationToken);
        Story = new(StoryAnswer.Of(story, user: null), story);
        return Page();
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var query = new UserQuery(Q, Sort, PageSize, Offset)
        {
            Active = State switch { "active" => true, "registered" => false, _ => null },
            Disabled = State switch { "active" => false, "disabled" => true, _ => null },
            Role = string.IsNullOrEmpty(Role) ? null : Role,
        };
        (Count, People) = await users.ListAsync(query, cancellationToken);
        if (People.Count == 0 && Core.Users.Address.Parse(Q) is { } searched)
            Searched = searched.Value;
    }
}

/// <summary>A story with its answer. Shown by <c>_Story</c>.</summary>
public sealed record StoryView(StoryAnswer Answer, Story Story);
