using System.Globalization;
using System.Runtime.CompilerServices;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Users;

/// <summary>
/// What is to be changed of a profile: what is not set stays, null removes. The names of <see cref="Named"/> and of the problems are those on the wire
/// (<c>given_name</c>).
/// </summary>
public sealed class ProfileChanges
{
    private readonly Dictionary<string, string?> set = new(StringComparer.Ordinal);

    /// <summary>The full name, 1 to 100 characters; cannot be removed. Who never chose one has it made of the other two.</summary>
    public string? Name { get => Get(); set => Set(value); }

    /// <summary>At most 100 characters.</summary>
    public string? GivenName { get => Get(); set => Set(value); }

    /// <summary>At most 100 characters.</summary>
    public string? FamilyName { get => Get(); set => Set(value); }

    /// <summary>One of the languages that the pages speak, BCP 47.</summary>
    public string? Locale { get => Get(); set => Set(value); }

    /// <summary>A day in the past, <c>2001-12-31</c>.</summary>
    public string? BirthDate { get => Get(); set => Set(value); }

    /// <summary>What the person writes, at most 50 characters.</summary>
    public string? Gender { get => Get(); set => Set(value); }

    /// <summary>An IANA time zone, <c>Europe/Berlin</c>.</summary>
    public string? ZoneInfo { get => Get(); set => Set(value); }

    /// <summary>An https address of at most 2,000 characters.</summary>
    public string? Picture { get => Get(); set => Set(value); }

    /// <summary>What is to be changed, for the audit log.</summary>
    internal IEnumerable<string> Named => set.Keys.Select(OnTheWire).Order(StringComparer.Ordinal);

    internal bool IsEmpty => set.Count == 0;

    /// <summary>What is wrong, by field; empty when all is well.</summary>
    /// <param name="locales">The languages that the pages speak.</param>
    /// <param name="today">A person is not born later.</param>
    public IReadOnlyDictionary<string, string[]> Problems(IReadOnlyCollection<string> locales, DateOnly today) => set
        .Select(field => (Name: OnTheWire(field.Key), Problem: Problem(field.Key, field.Value, locales, today)))
        .Where(field => field.Problem is not null)
        .ToDictionary(field => field.Name, field => new[] { field.Problem! }, StringComparer.Ordinal);

    /// <summary>Writes what was set, once it has no <see cref="Problems"/>.</summary>
    internal void ApplyTo(User user)
    {
        var isComposed = user.Name is null || user.Name == PersonName.Of(user.GivenName, user.FamilyName);
        foreach (var (field, value) in set)
        {
            switch (field)
            {
                case nameof(Name): user.Name = PersonName.Read(value); break;
                case nameof(GivenName): user.GivenName = PersonName.Read(value); break;
                case nameof(FamilyName): user.FamilyName = PersonName.Read(value); break;
                case nameof(Locale): user.Locale = value; break;
                case nameof(BirthDate): user.BirthDate = Day(value); break;
                case nameof(Gender): user.Gender = PersonName.ReadText(value, MaxGender); break;
                case nameof(ZoneInfo): user.ZoneInfo = value; break;
                default: user.PictureUrl = value; break;
            }
        }

        // A full name that nobody chose follows its parts, so that applications and administrators always have one to show.
        if (isComposed && !set.ContainsKey(nameof(Name)))
            user.Name = PersonName.Of(user.GivenName, user.FamilyName) ?? user.Name;
    }

    private const int MaxGender = 50;
    private const int MaxPicture = 2000;
    private const int FirstYear = 1900;

    private static string? Problem(string field, string? value, IReadOnlyCollection<string> locales, DateOnly today) => (field, value) switch
    {
        (nameof(Name), null) => "Cannot be removed.",
        (_, null) => null,
        (nameof(Name) or nameof(GivenName) or nameof(FamilyName), _) when PersonName.Read(value) is null =>
            "Must be 1 to 100 characters with a letter or digit among them, without control characters.",
        (nameof(Gender), _) when PersonName.ReadText(value, MaxGender) is null => "Must be 1 to 50 characters without control characters.",
        (nameof(Locale), _) when !locales.Contains(value, StringComparer.Ordinal) => $"Must be one of {string.Join(", ", locales)}.",
        (nameof(BirthDate), _) when Day(value) is not { } day || day.Year < FirstYear || day > today => "Must be a day in the past, written as 2001-12-31.",
        (nameof(ZoneInfo), _) when !IsZone(value) => "Must be an IANA time zone, e.g. Europe/Berlin.",
        (nameof(Picture), _) when !IsPicture(value) => "Must be an https address of at most 2000 characters.",
        _ => null,
    };

    private static DateOnly? Day(string? value) =>
        DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    // Names of Windows zones are found too; they have no slash but for a few, and are none of IANA's.
    private static bool IsZone(string value) =>
        value.Length <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(value, out var zone) && zone.HasIanaId && string.Equals(zone.Id, value, StringComparison.Ordinal);

    // User information in it would look like the address of another host to who reads it.
    private static bool IsPicture(string value) =>
        value.Length <= MaxPicture && value.All(character => character is > ' ' and < (char)0x7f)
        && Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0 && uri.Host.Length > 0;

    private static string OnTheWire(string field) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(field);

    private string? Get([CallerMemberName] string field = "") => set.GetValueOrDefault(field);

    private void Set(string? value, [CallerMemberName] string field = "") => set[field] = value;
}
