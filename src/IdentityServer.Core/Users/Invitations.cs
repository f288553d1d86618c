using System.Security.Cryptography;
using IdentityServer.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Users;

/// <summary>The codes by which people name who invited them.</summary>
public static class Invitations
{
    /// <summary>Characters of a code.</summary>
    public const int Length = 6;

    // Without 0 and O, 1, I and L, U and V, 5 and S, 2 and Z, 8 and B: what is read aloud or copied by hand must come through.
    private const string Alphabet = "34679ACDEFGHJKMNPQRTWXY";

    /// <summary>A new code; among 148 million, so that the unique index hardly ever refuses one.</summary>
    public static string NewCode() => RandomNumberGenerator.GetString(Alphabet, Length);

    /// <summary>The code as it is stored; null when it can be nobody's.</summary>
    public static string? Read(string? typed)
    {
        var code = typed?.Trim().ToUpperInvariant();
        return code is { Length: Length } && code.All(character => Alphabet.Contains(character, StringComparison.Ordinal)) ? code : null;
    }
}

/// <summary>Finds whose code it is.</summary>
public sealed class Inviters(ServerDb db)
{
    /// <summary>Who invites with the code; null when nobody does: it was mistyped, or its owner is not active or is disabled.</summary>
    public async Task<Guid?> FindAsync(string? typed, CancellationToken cancellationToken)
    {
        if (Invitations.Read(typed) is not { } code)
            return null;

        return await db.Users
            .Where(user => user.InvitationCode == code && user.DisabledAt == null && (user.EmailConfirmed || user.PhoneNumberConfirmed))
            .Select(user => (Guid?)user.Id)
            .SingleOrDefaultAsync(cancellationToken);
    }
}
