using IdentityServer.Core.Account;
using IdentityServer.Core.Users;

namespace IdentityServer.UI.Pages.Account;

/// <summary>A profile in the file.</summary>
internal sealed record ProfileData(
    Guid Id,
    string? Name,
    string? GivenName,
    string? FamilyName,
    string? Email,
    bool EmailVerified,
    string? PhoneNumber,
    bool PhoneNumberVerified,
    string? Locale,
    DateOnly? BirthDate,
    string? Gender,
    string? ZoneInfo,
    string? Picture,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastSignInAt,
    IReadOnlyList<string> Roles);

/// <summary>The file with all of a person's data: what is in it is named here, field by field.</summary>
internal sealed record AccountFile(
    DateTimeOffset WrittenAt,
    ProfileData Profile,
    InvitationView Invitation,
    IReadOnlyList<SessionView> Sessions,
    IReadOnlyList<ApplicationAccess> Applications,
    IReadOnlyList<HistoryEntry> History)
{
    public static AccountFile Of(PersonalDataView view, DateTimeOffset now) => new(now, Of(view.User), view.Invitation, view.Sessions, view.Applications, view.History);

    private static ProfileData Of(UserWithRoles found)
    {
        var user = found.User;
        return new(
            user.Id, user.Name, user.GivenName, user.FamilyName, user.Email, user.EmailConfirmed, user.PhoneNumber, user.PhoneNumberConfirmed, user.Locale, user.BirthDate,
            user.Gender, user.ZoneInfo, user.PictureUrl, user.CreatedAt, user.UpdatedAt, user.LastSignInAt, found.Roles);
    }
}
