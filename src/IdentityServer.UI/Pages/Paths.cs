namespace IdentityServer.UI.Pages;

/// <summary>Where the pages are, without the path base. Each page's <c>@page</c> line says the same.</summary>
public static class Paths
{
    /// <summary>What this server is.</summary>
    public const string Home = "/";

    /// <summary>Who I am and where I am signed in; where a sign-in ends that no application asked for.</summary>
    public const string Account = "/account";

    /// <summary>What the person says of themselves.</summary>
    public const string Profile = "/account/profile";

    /// <summary>E-mail address and phone number.</summary>
    public const string Addresses = "/account/addresses";

    /// <summary>Where the person is signed in.</summary>
    public const string Sessions = "/account/sessions";

    /// <summary>Which applications have access.</summary>
    public const string Applications = "/account/applications";

    /// <summary>Who invited whom.</summary>
    public const string Invitation = "/account/invitation";

    /// <summary>What happened to the account.</summary>
    public const string History = "/account/history";

    /// <summary>All of it as a file.</summary>
    public const string Data = "/account/data";

    /// <summary>The way out for good.</summary>
    public const string Delete = "/account/delete";

    /// <summary>The account is deleted.</summary>
    public const string Deleted = "/account/deleted";

    /// <summary>One's own password, while there are any.</summary>
    public const string Password = "/account/password";

    /// <summary>Nobody is signed in any more.</summary>
    public const string SignedOut = "/signed-out";

    /// <summary>What went wrong.</summary>
    public const string Error = "/error";

    /// <summary>Where the language is switched.</summary>
    public const string Languages = "/language";

    /// <summary>Where administrators work.</summary>
    public const string Admin = "/admin";

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

    /// <summary>Asks for fresh proof, then goes on to the place.</summary>
    /// <param name="place">A name of <see cref="ProofPlace"/>; never an address.</param>
    public static string Prove(string place) => With("/sign-in/prove", ("for", place));

    /// <summary>The form for the code that is fresh proof.</summary>
    public static string ProveCode(string place, string challenge, string? notice = null) =>
        With("/sign-in/prove/code", ("for", place), ("challenge", challenge), ("notice", notice));

    /// <summary>The form for the code that proves a new address.</summary>
    public static string AddressCode(string challenge, string? notice = null) =>
        With("/account/addresses/code", ("challenge", challenge), ("notice", notice));

    /// <summary>A part of the history, from 1.</summary>
    public static string HistoryPart(int part) => With(History, ("part", part == 1 ? null : part.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A page that says what was just done.</summary>
    public static string Noted(string path, string notice) => With(path, ("notice", notice));

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
