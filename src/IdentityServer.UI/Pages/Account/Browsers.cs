using IdentityServer.UI.Resources;

namespace IdentityServer.UI.Pages.Account;

/// <summary>Says in words which browser a user agent string stands for. A guess for people; nothing is decided by it.</summary>
internal static class Browsers
{
    // The order matters: most browsers also claim to be those further down.
    private static readonly (string Mark, string Name)[] Names =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"),
        ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
        ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux"),
    ];

    /// <summary>E.g. "Chrome on Linux".</summary>
    public static string Describe(string? userAgent)
    {
        var (browser, system) = (Find(Names, userAgent), Find(Systems, userAgent));
        return (browser, system) switch
        {
            (null, null) => Texts.Text("Account.UnknownBrowser"),
            (null, _) => system,
            (_, null) => browser,
            _ => Texts.Text("Account.BrowserOnSystem", browser, system),
        };
    }

    /// <summary>Whether it is held in the hand, for the picture beside it.</summary>
    public static bool IsPhone(string? userAgent) => Find(Systems, userAgent) is "iPhone" or "Android";

    private static string? Find((string Mark, string Name)[] known, string? userAgent) =>
        userAgent is null ? null : Array.Find(known, item => userAgent.Contains(item.Mark, StringComparison.Ordinal)).Name;
}
