namespace IdentityServer.UI.Pages;

/// <summary>Where the pages are, without the path base. Each page's <c>@page</c> line says the same.</summary>
public static class Paths
{
    /// <summary>What this server is.</summary>
    public const string Home = "/";

    /// <summary>Who I am and where I am signed in; where a sign-in ends that no application asked for.</summary>
    public const string Account = "/account";

    /// <summary>One's own password, while there are any.</summary>
    public const string Password = "/account/password";

    /// <summary>Nobody is signed in any more.</summary>
    public const string SignedOut = "/signed-out";

    /// <summary>What went wrong.</summary>
    public const string Error = "/error";

    /// <summary>Where the language is switched.</summary>
    public const string Languages = "/language";

    /// <summary>The form for the address.</summary>
    public static string SignIn(string? request) => With("/sign-in", ("request", request));

    /// <summary>The form for the code.</summary>
    public static string Code(Guid challenge, string? request, string? notice = null) =>
        With("/sign-in/code", ("challenge", challenge.ToString("D")), ("request", request), ("notice", notice));

    /// <summary>The form for the password of the sealed address.</summary>
    public static string AskPassword(string who, string? request) => With("/sign-in/password", ("who", who), ("request", request));

    /// <summary>A new password in the place of a forgotten one.</summary>
    public static string NewPassword(Guid challenge, string? request) =>
        With("/sign-in/new-password", ("challenge", challenge.ToString("D")), ("request", request));

    /// <summary>A new person's details.</summary>
    public static string Details(Guid challenge, string? request) =>
        With("/sign-in/details", ("challenge", challenge.ToString("D")), ("request", request));

    /// <summary>This account or another.</summary>
    public static string Choose(string? request) => With("/sign-in/choose", ("request", request));

    /// <summary>What an application asks for.</summary>
    public static string Consent(string? request) => With("/consent", ("request", request));

    /// <summary>Whether to sign out.</summary>
    public static string SignOut(string? request) => With("/sign-out", ("request", request));

    /// <summary>Fresh proof of who is signed in, before something sensitive; then on to the place.</summary>
    public static string Prove(string place) => With("/account/prove", ("place", place));

    private static string With(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (value is null)
                continue;

            path += $"{separator}{name}={Uri.EscapeDataString(value)}";
            separator = '&';
        }

        return path;
    }
}
