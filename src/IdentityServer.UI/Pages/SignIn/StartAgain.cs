using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>The end of a sign-in that came to nothing, with the way to a new one.</summary>
/// <param name="Heading">What happened.</param>
/// <param name="Lead">Why, and what to do.</param>
/// <param name="Parked">The request that still waits.</param>
public sealed record StartAgain(string Heading, string Lead, string? Parked)
{
    /// <summary>Too old, finished, or begun in another browser: which of them is not told.</summary>
    public static StartAgain Gone(string? parked) => new(Texts.Text("StartAgain.GoneHeading"), Texts.Text("StartAgain.GoneLead"), parked);

    /// <summary>No try is left.</summary>
    public static StartAgain Spent(string? parked) => new(Texts.Text("StartAgain.SpentHeading"), Texts.Text("StartAgain.SpentLead"), parked);

    /// <summary>The link does not work any more.</summary>
    public static StartAgain LinkGone(string? parked) => new(Texts.Text("StartAgain.LinkHeading"), Texts.Text("StartAgain.LinkLead"), parked);
}
