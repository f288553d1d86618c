using System.Security.Cryptography;

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
