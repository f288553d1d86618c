namespace IdentityServer.Protocol.Authorize;

/// <summary>How an answer travels to the client (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post Response Mode §2).</summary>
public static class ResponseModes
{
    /// <summary>In the redirect URI's query: the default of <c>response_type=code</c>.</summary>
    public const string Query = "query";

    /// <summary>In the redirect URI's fragment.</summary>
    public const string Fragment = "fragment";

    /// <summary>In a form that the browser posts to the redirect URI.</summary>
    public const string FormPost = "form_post";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Query, Fragment, FormPost];
}

/// <summary>Values of <c>prompt</c> (OpenID Connect Core §3.1.2.1).</summary>
public static class Prompts
{
    /// <summary>Show nothing: answer or fail.</summary>
    public const string None = "none";

    /// <summary>Let the person prove again who they are.</summary>
    public const string Login = "login";

    /// <summary>Ask again for consent.</summary>
    public const string Consent = "consent";

    /// <summary>Let the person choose the account.</summary>
    public const string SelectAccount = "select_account";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [None, Login, Consent, SelectAccount];
}
