namespace IdentityServer.UI.Pages;

/// <summary>Where the pages are, without the path base. Each page's <c>@page</c> line says the same.</summary>
public static class Paths
{
    /// <summary>What this server is.</summary>
    public const string Home = "/";

    /// <summary>Who I am and where I am signed in; where a sign-in ends that no application asked for.</summary>
    public const string Account = "/account";

    /// <summary>Nobody is signed in any more.</summary>
    public const string SignedOut = "/signed-out";

    /// <summary>What went wrong.</summary>
    public const string Error = "/error";

    /// <summary>Where the language is switched.</summary>
    public const string Languages = "/language";

    /// <summary>Where administrators work.</summary>
    public const string Admin = "/admin";

    /// <summary>Asks who is signed in for a fresh code. The sign-in form stands in for it.</summary>
    /// <param name="purpose">What the proof is for: where the person goes on to.</param>
    public static string Prove(string purpose) => With("/sign-in", ("for", purpose));

    /// <summary>One person for administrators.</summary>
    public static string Person(Guid id) => $"{Admin}/people/{id:D}";

    /// <summary>What happened to an address, with or without an account.</summary>
    public static string AddressStory(string address) => With($"{Admin}/people", ("address", address));

    /// <summary>One application for administrators.</summary>
    public static string Application(string clientId) => With($"{Admin}/application", ("id", clientId));

    /// <summary>One scope for administrators; null: a new one.</summary>
    public static string Scope(string? name) => With($"{Admin}/scope", ("name", name));

    /// <summary>One message for administrators.</summary>
    public static string Message(Guid id) => $"{Admin}/messages/{id:D}";

    /// <summary>The form for the address.</summary>
    public static string SignIn(string? request) => With("/sign-in", ("request", request));

    /// <summary>The form for the code.</summary>
    public static string Code(Guid challenge, string? request, string? notice = null) =>
        With("/sign-in/code", ("challenge", challenge.ToString("D")), ("request", request), ("notice", notice));

    /// <summary>A new person's details.</summary>
    public static string Details(Guid challenge, string? request) =>
        With("/sign-in/details", ("challenge", challenge.ToString("D")), ("request", request));

    /// <summary>This account or another.</summary>
    public static string Choose(string? request) => With("/sign-in/choose", ("request", request));

    /// <summary>What an application asks for.</summary>
    public static string Consent(string? request) => With("/consent", ("request", request));

    /// <summary>Whether to sign out.</summary>
    public static string SignOut(string? request) => With("/sign-out", ("request", request));

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
