using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages.SignIn;

/// <summary>The end of a sign-in that came to nothing, with the way to a new one.</summary>
/// <param name="Heading">What happened.</param>
/// <param name="Lead">Why, and what to do.</param>
/// <param name="Path">Where to start again.</param>
public sealed record StartAgain(string Heading, string Lead, string Path)
{
    /// <summary>Too old, finished, or begun in another browser: which of them is not told.</summary>
    public static StartAgain Gone(string? parked) => new(Texts.Text("StartAgain.GoneHeading"), Texts.Text("StartAgain.GoneLead"), Paths.SignIn(parked));

    /// <summary>No try is left.</summary>
    public static StartAgain Spent(string? parked) => new(Texts.Text("StartAgain.SpentHeading"), Texts.Text("StartAgain.SpentLead"), Paths.SignIn(parked));

    /// <summary>The same for who is signed in, and confirms something.</summary>
    public static StartAgain OwnCode(string path) => new(Texts.Text("StartAgain.SpentHeading"), Texts.Text("StartAgain.SpentLead"), path);

    /// <summary>The link does not work any more.</summary>
    public static StartAgain LinkGone(string? parked) => new(Texts.Text("StartAgain.LinkHeading"), Texts.Text("StartAgain.LinkLead"), Paths.SignIn(parked));
}
