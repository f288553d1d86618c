using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Core.Persistence.Tables;

/// <summary>
/// A person with an account. E-mail and phone number (E.164) are what they proved to own; <c>PasswordHash</c> is
/// set by those alone who choose a password where <c>SignIn:Password</c> is enabled. <c>UserName</c> is the id in "N" form:
/// Identity asks for a unique one, and an address may change.
/// </summary>
public sealed class User : IdentityUser<Guid>
{
    /// <summary>The full name in the form that the person chose: the claim <c>name</c>.</summary>
    [ProtectedPersonalData]
    public string? Name { get; set; }

    /// <summary>The claim <c>given_name</c>.</summary>
    [ProtectedPersonalData]
    public string? GivenName { get; set; }

    /// <summary>The claim <c>family_name</c>.</summary>
    [ProtectedPersonalData]
    public string? FamilyName { get; set; }

    /// <summary>The language of pages and messages, BCP 47: the claim <c>locale</c>.</summary>
    [PersonalData]
    public string? Locale { get; set; }

    /// <summary>An IANA time zone: the claim <c>zoneinfo</c>.</summary>
    [PersonalData]
    public string? ZoneInfo { get; set; }

    /// <summary>The claim <c>picture</c>.</summary>
    [PersonalData]
    public string? PictureUrl { get; set; }

    /// <summary>The claim <c>birthdate</c>.</summary>
    [ProtectedPersonalData]
    public DateOnly? BirthDate { get; set; }

    /// <summary>The claim <c>gender</c>: what the person wrote.</summary>
    [ProtectedPersonalData]
    public string? Gender { get; set; }

    /// <summary>Six characters that others name when this person invited them; unique, never changed.</summary>
    [PersonalData]
    public string InvitationCode { get; set; } = "";

    /// <summary>Who invited this person; set once.</summary>
    public Guid? InvitedById { get; set; }

    /// <summary>When the account was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When a claim last changed: <c>updated_at</c>.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>
    /// When somebody registered the account, the last time; null: it stays until somebody deletes it. <b>The rule</b> of what is forgotten: an account
    /// that a person registered by themselves and proved no address of within <see cref="PruneOptions.UnactivatedRetention"/>. The first proof of an
    /// address sets this to null; so does an administrator who changes the account, and configuration that declares it. Accounts that
    /// these made never have it. An invitation makes no difference: its code is another person's, and not used up.
    /// </summary>
    public DateTimeOffset? RegisteredAt { get; set; }

    /// <summary>When the person last signed in; null: never.</summary>
    public DateTimeOffset? LastSignInAt { get; set; }

    /// <summary>When an administrator locked the account; null when it is open.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>Whether its owner proved an address: until then the account was registered only, and is nobody's.</summary>
    public bool IsActive => EmailConfirmed || PhoneNumberConfirmed;
}

internal sealed class UsersTable : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("Users");
        builder.Property(user => user.Id).ValueGeneratedNever();
        builder.Property(user => user.Name).HasMaxLength(200);
        builder.Property(user => user.GivenName).HasMaxLength(100);
        builder.Property(user => user.FamilyName).HasMaxLength(100);
        builder.Property(user => user.Locale).HasMaxLength(35);
        builder.Property(user => user.ZoneInfo).HasMaxLength(64);
        builder.Property(user => user.PictureUrl).HasMaxLength(2000);
        builder.Property(user => user.Gender).HasMaxLength(50);
        builder.Property(user => user.InvitationCode).HasMaxLength(6);
        builder.Ignore(user => user.IsActive);
        builder.HasOne<User>().WithMany().HasForeignKey(user => user.InvitedById).OnDelete(DeleteBehavior.SetNull);
        builder.HasIndex(user => user.InvitationCode).IsUnique();
        builder.HasIndex(user => new { user.CreatedAt, user.Id });
        builder.HasIndex(user => user.RegisteredAt).HasFilter("\"RegisteredAt\" IS NOT NULL");
        builder.HasIndex(user => user.NormalizedEmail).HasDatabaseName("EmailIndex").IsUnique().HasFilter("\"NormalizedEmail\" IS NOT NULL");
        builder.HasIndex(user => user.PhoneNumber).IsUnique().HasFilter("\"PhoneNumber\" IS NOT NULL");
    }
}
