using IdentityServer.Protocol.Model;

namespace IdentityServer.UI.Pages;

/// <summary>Somewhere that asks for fresh proof. A fixed list: what is in the address of a page never says where it leads (RFC 9700 §4.11).</summary>
/// <param name="Name">In <c>?for=</c>.</param>
/// <param name="Path">Where the person goes on to.</param>
/// <param name="MaxAge">How old the proof may be there.</param>
public sealed record ProofPlace(string Name, string Path, TimeSpan MaxAge)
{
    /// <summary>Changes of addresses.</summary>
    public static ProofPlace Addresses { get; } = new("account-addresses", Paths.Addresses, TimeSpan.FromMinutes(5));

    /// <summary>The password, while there are any.</summary>
    public static ProofPlace Password { get; } = new("account-password", Paths.Password, TimeSpan.FromMinutes(5));

    /// <summary>Deleting the account.</summary>
    public static ProofPlace Delete { get; } = new("account-delete", Paths.Delete, TimeSpan.FromMinutes(5));

    /// <summary>The admin site.</summary>
    public static ProofPlace Admin { get; } = new("admin", Paths.Admin, TimeSpan.FromHours(1));

    /// <summary>The place of this name; null when there is none.</summary>
    public static ProofPlace? Find(string? name) => Array.Find([Addresses, Password, Delete, Admin], place => place.Name == name);

    /// <summary>Whether the person proved who they are recently enough.</summary>
    public bool IsProved(Session session, DateTimeOffset now) => session.AuthenticatedAt + MaxAge > now;
}
