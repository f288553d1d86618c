using IdentityServer.Core.Users;

namespace IdentityServer.Management;

/// <summary>A user on the wire. Times are ISO 8601 in UTC.</summary>
internal record UserJson(
    Guid Id,
    string? Name,
    string? GivenName,
    string? FamilyName,
    string? Email,
    bool EmailVerified,
    string? PhoneNumber,
    bool PhoneNumberVerified,
    string? Locale,
    string? ZoneInfo,
    DateOnly? BirthDate,
    string? Gender,
    string? Picture,
    bool Active,
    DateTimeOffset? DisabledAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastSignInAt,
    IReadOnlyList<string> Roles)
{
    public static UserJson Of(UserWithRoles found) => new(
        found.User.Id,
        found.User.Name,
        found.User.GivenName,
        found.User.FamilyName,
        found.User.Email,
        found.User.EmailConfirmed,
        found.User.PhoneNumber,
        found.User.PhoneNumberConfirmed,
        found.User.Locale,
        found.User.ZoneInfo,
        found.User.BirthDate,
        found.User.Gender,
        found.User.PictureUrl,
        found.User.IsActive,
        found.User.DisabledAt,
        found.User.CreatedAt,
        found.User.UpdatedAt,
        found.User.LastSignInAt,
        found.Roles);
}
