using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>Users as the protocol sees them, with the standard claims (OpenID Connect Core §5.1).</summary>
public sealed class Subjects(IDbContextFactory<ServerDb> databases) : ISubjects
{
    // Not static: a compiled query belongs to one database's model.
    private readonly Func<ServerDb, Guid, CancellationToken, Task<User?>> find = EF.CompileAsyncQuery(
        (ServerDb db, Guid userId, CancellationToken _) => db.Users.AsNoTracking().FirstOrDefault(user => user.Id == userId && user.DisabledAt == null));

    /// <inheritdoc/>
    public async Task<Subject?> FindAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var user = await find(db, userId, cancellationToken);
        return user is null ? null : new Subject(user.Id, ClaimsOf(user));
    }

    // OpenID Connect Core §5.3.2: "If a Claim is not returned, that Claim Name SHOULD be omitted […]; it SHOULD NOT be present with a null or empty string value."
    private static JsonObject ClaimsOf(User user)
    {
        var claims = new JsonObject();
        Add(claims, "name", user.Name);
        Add(claims, "given_name", user.GivenName);
        Add(claims, "family_name", user.FamilyName);
        Add(claims, "picture", user.PictureUrl);
        Add(claims, "gender", user.Gender);
        Add(claims, "birthdate", user.BirthDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Add(claims, "locale", user.Locale);
        Add(claims, "zoneinfo", user.ZoneInfo);
        claims["updated_at"] = user.UpdatedAt.ToUnixTimeSeconds();
        if (Add(claims, "email", user.Email))
            claims["email_verified"] = user.EmailConfirmed;
        if (Add(claims, "phone_number", user.PhoneNumber))
            claims["phone_number_verified"] = user.PhoneNumberConfirmed;
        return claims;
    }

    private static bool Add(JsonObject claims, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return false;

        claims[name] = value;
        return true;
    }
}
