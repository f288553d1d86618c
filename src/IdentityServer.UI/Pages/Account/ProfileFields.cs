using System.Globalization;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;

namespace IdentityServer.UI.Pages.Account;

/// <summary>The form of the profile; an empty field is none.</summary>
public sealed record ProfileFields
{
    /// <summary>Which state of the account the person saw.</summary>
    public string? Stamp { get; init; }

    /// <summary>The full name.</summary>
    public string? Name { get; init; }

    /// <summary>The given name.</summary>
    public string? GivenName { get; init; }

    /// <summary>The family name.</summary>
    public string? FamilyName { get; init; }

    /// <summary>The language, BCP 47.</summary>
    public string? Locale { get; init; }

    /// <summary>The day of birth, <c>2001-12-31</c>.</summary>
    public string? BirthDate { get; init; }

    /// <summary>What the person writes.</summary>
    public string? Gender { get; init; }

    /// <summary>An IANA time zone.</summary>
    public string? ZoneInfo { get; init; }

    /// <summary>Where a picture is.</summary>
    public string? Picture { get; init; }

    /// <summary>The form as the account is.</summary>
    public static ProfileFields Of(User user) => new()
    {
        Stamp = user.ConcurrencyStamp,
        Name = user.Name,
        GivenName = user.GivenName,
        FamilyName = user.FamilyName,
        Locale = user.Locale ?? CultureInfo.CurrentUICulture.Name,
        BirthDate = user.BirthDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Gender = user.Gender,
        ZoneInfo = user.ZoneInfo,
        Picture = user.PictureUrl,
    };

    /// <summary>What differs from what was there.</summary>
    public ProfileChanges ChangesOf(ProfileFields before)
    {
        var changes = new ProfileChanges();
        Set(Name, before.Name, value => changes.Name = value);
        Set(GivenName, before.GivenName, value => changes.GivenName = value);
        Set(FamilyName, before.FamilyName, value => changes.FamilyName = value);
        Set(Locale, before.Locale, value => changes.Locale = value);
        Set(BirthDate, before.BirthDate, value => changes.BirthDate = value);
        Set(Gender, before.Gender, value => changes.Gender = value);
        Set(ZoneInfo, before.ZoneInfo, value => changes.ZoneInfo = value);
        Set(Picture, before.Picture, value => changes.Picture = value);
        return changes;
    }

    private static void Set(string? typed, string? before, Action<string?> set)
    {
        var value = string.IsNullOrWhiteSpace(typed) ? null : typed.Trim();
        if (value != before)
            set(value);
    }
}

/// <summary>A time zone in the list.</summary>
/// <param name="Id">Its name among IANA's.</param>
/// <param name="City">The end of the name, as people read it.</param>
public sealed record Zone(string Id, string City)
{
    private static readonly string[] Regions = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

    private static readonly IReadOnlyList<string> Known =
        [.. TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId).Select(zone => zone.Id).Where(id => Regions.Contains(id.Split('/')[0], StringComparer.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>All zones that bear the name of a place, by the part of the world; with the one that is chosen, whatever it is.</summary>
    public static IEnumerable<IGrouping<string, Zone>> All(string? chosen) =>
        (chosen is null || Known.Contains(chosen, StringComparer.Ordinal) ? Known : [chosen, .. Known]).Select(id => new Zone(id, id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('_', ' ')))
            .GroupBy(zone => zone.Id.Split('/')[0], StringComparer.Ordinal);
}
