using System.Globalization;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Pages.Account;

/// <summary>What a person says of themselves.</summary>
public sealed class ProfileModel(Sessions sessions, UserQueries users, ProfileEditing editing, Visitors visitors, IOptions<ProtocolOptions> server, TimeProvider time)
    : SignedInPage(sessions, time)
{
    private const string SavedNotice = "saved";

    /// <summary>What is filled in.</summary>
    public ProfileFields Typed { get; private set; } = new();

    /// <summary>What is wrong, by the field's name on the wire.</summary>
    public IReadOnlyDictionary<string, string> Mistakes { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The languages that the pages speak.</summary>
    public IEnumerable<CultureInfo> Languages => server.Value.UiLocales.Select(Language.Named);

    /// <summary>Time zones by their part of the world.</summary>
    public IEnumerable<IGrouping<string, Zone>> Zones => Zone.All(Typed.ZoneInfo);

    /// <summary>Shows the form.</summary>
    public async Task OnGetAsync([FromQuery] string? notice, CancellationToken cancellationToken)
    {
        Say(notice, (SavedNotice, "Profile.Saved"));
        Typed = ProfileFields.Of(await UserAsync(cancellationToken));
    }

    /// <summary>Saves what was changed.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] ProfileFields typed, CancellationToken cancellationToken)
    {
        var user = await UserAsync(cancellationToken);
        Typed = typed;
        switch (await editing.EditAsync(user.Id, typed.ChangesOf(ProfileFields.Of(user)), typed.Stamp ?? "", Operator.On(Session, visitors.From(HttpContext)), cancellationToken))
        {
            case EditOutcome.Edited:
                return new SeeOther(Paths.Noted(Paths.Profile, SavedNotice));
            case EditOutcome.Invalid(var problems):
                Mistakes = problems.Keys.ToDictionary(field => field, MistakeOf, StringComparer.Ordinal);
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return Page();
            case EditOutcome.Stale:
                Typed = ProfileFields.Of(await UserAsync(cancellationToken));
                Notice = new Notice(Texts.Text("Profile.Stale"));
                Response.StatusCode = StatusCodes.Status409Conflict;
                ModelState.Clear();
                return Page();
            default:
                return new SeeOther(Paths.SignIn(null));
        }
    }

    private string MistakeOf(string field) => field switch
    {
        "name" => Texts.Text(string.IsNullOrWhiteSpace(Typed.Name) ? "Details.NameMissing" : "Details.NameUnusable"),
        "birth_date" => Texts.Text("Profile.DayProblem"),
        "picture" => Texts.Text("Profile.PictureProblem"),
        "locale" or "zone_info" => Texts.Text("Profile.ChoiceProblem"),
        _ => Texts.Text("Profile.TextProblem"),
    };

    private async Task<User> UserAsync(CancellationToken cancellationToken) =>
        (await users.FindAsync(Session.UserId, cancellationToken) ?? throw new InvalidOperationException("The account was deleted since the session was read.")).User;
}
