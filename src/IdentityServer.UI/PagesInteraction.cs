using IdentityServer.Protocol;
using IdentityServer.UI.Pages;

namespace IdentityServer.UI;

/// <summary>Tells the protocol which page asks a person what.</summary>
public sealed class PagesInteraction : IInteraction
{
    /// <inheritdoc/>
    public string PathFor(Interaction step, string? request) => step switch
    {
        Interaction.SignIn => Paths.SignIn(request),
        Interaction.SelectAccount => Paths.Choose(request),
        Interaction.Consent => Paths.Consent(request),
        Interaction.SignOut => Paths.SignOut(request),
        Interaction.SignedOut => Paths.SignedOut,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "There is no page for this step."),
    };
}
