using IdentityServer.Protocol.Model;
using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages.Consent;

/// <summary>A scope in words.</summary>
/// <param name="Title">What the application may do.</param>
/// <param name="Description">More about it.</param>
/// <param name="Remembered">The person allowed it before.</param>
public sealed record ScopeWords(string Title, string? Description, bool Remembered)
{
    /// <summary>The registered words; for the standards' own scopes the pages' words, which speak the person's language.</summary>
    public static ScopeWords For(Scope scope, IReadOnlySet<string> remembered) => new(
        Own(scope.Name, "Title") ?? scope.DisplayName ?? scope.Name,
        Own(scope.Name, "Description") ?? scope.Description,
        remembered.Contains(scope.Name));

    private static string? Own(string scope, string part) => scope switch
    {
        ScopeNames.OpenId or ScopeNames.Profile or ScopeNames.Email or ScopeNames.Phone or ScopeNames.OfflineAccess => Texts.Text($"Scope.{scope}.{part}"),
        _ => null,
    };
}
