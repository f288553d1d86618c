using IdentityServer.Core.Users;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Reads whom a list's filter means.</summary>
internal static class Who
{
    /// <summary>
    /// An id as it stands, an address of whoever has it; null when nothing was typed; an id that nobody has when it is neither, so that the list
    /// is empty rather than everybody's.
    /// </summary>
    public static async Task<Guid?> FindAsync(UserQueries users, string? typed, CancellationToken cancellationToken) =>
        string.IsNullOrWhiteSpace(typed) ? null
        : Guid.TryParse(typed.Trim(), out var id) ? id
        : Address.Parse(typed) is { } address ? await users.FindIdAsync(address, cancellationToken) ?? Guid.Empty
        : Guid.Empty;
}
