using System.Text;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol.Authorize;

/// <summary>
/// The only type that sends a browser to a client, and only to a URI that the client registered: there is no other way to make one. It adds
/// <c>state</c> and <c>iss</c> and owns the response modes.
/// </summary>
internal sealed class ClientRedirect
{
    private readonly string uri;
    private readonly string? issuer;

    private ClientRedirect(string uri, string? issuer)
    {
        this.uri = uri;
        this.issuer = issuer;
    }

    /// <summary>How the answer travels.</summary>
    public string ResponseMode { get; private init; } = ResponseModes.Query;

    /// <summary>Given back as it came.</summary>
    public string? State { get; private init; }

    /// <summary>The place for answers to an authorization request; null when the application did not register it.</summary>
    public static ClientRedirect? Match(Application application, string? redirectUri, string issuer) =>
        redirectUri is not null && RedirectUris.IsRegistered(application, redirectUri) ? new ClientRedirect(redirectUri, issuer) : null;

    /// <summary>
    /// The place to go after signing out; null when the application did not register it. OpenID Connect RP-Initiated Logout §3 has no
    /// exception for loopback ports: the server "MUST NOT perform post-logout redirection if the post_logout_redirect_uri value supplied does
    /// not exactly match one of the previously registered post_logout_redirect_uris values".
    /// </summary>
    public static ClientRedirect? MatchPostLogout(Application application, string postLogoutRedirectUri, string? state) =>
        application.PostLogoutRedirectUris.Contains(postLogoutRedirectUri, StringComparer.Ordinal)
            ? new ClientRedirect(postLogoutRedirectUri, issuer: null) { State = state }
            : null;

    /// <summary>The same place, answered in this mode and with this state.</summary>
    public ClientRedirect Answering(string responseMode, string? state) => new(uri, issuer) { ResponseMode = responseMode, State = state };

    /// <summary>RFC 6749 §4.1.2.</summary>
    public Task SendCodeAsync(HttpContext context, string code) => SendAsync(context, [new("code", code)]);

    /// <summary>RFC 6749 §4.1.2.1.</summary>
    public Task SendErrorAsync(HttpContext context, ProtocolError error) =>
        SendAsync(context, [new("error", error.Code), new("error_description", error.Description)]);

    /// <summary>Back to the client with nothing but the state: after signing out.</summary>
    public Task SendBackAsync(HttpContext context) => SendAsync(context, []);

    private Task SendAsync(HttpContext context, List<KeyValuePair<string, string>> answer)
    {
        if (State is not null)
            answer.Add(new("state", State));
        // RFC 9207 §2: "In authorization responses to the client, including error responses, an authorization server supporting this
        // specification MUST indicate its identity by including the iss parameter in the response."
        if (issuer is not null)
            answer.Add(new("iss", issuer));

        if (ResponseMode == ResponseModes.FormPost)
            return FormPostPage.WriteAsync(context, uri, answer);

        // RFC 9700 §4.12: 303 is the one redirect after which no browser repeats a POST with its body.
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = Locate(answer);
        return Task.CompletedTask;
    }

    private string Locate(List<KeyValuePair<string, string>> answer)
    {
        if (answer.Count == 0)
            return uri;

        var location = new StringBuilder(uri);
        // RFC 6749 §3.1.2: a query of the redirect URI's own "MUST be retained when adding additional query parameters".
        location.Append(ResponseMode == ResponseModes.Fragment ? '#' : uri.Contains('?', StringComparison.Ordinal) ? '&' : '?');
        location.AppendJoin('&', answer.Select(item => $"{item.Key}={Uri.EscapeDataString(item.Value)}"));
        return location.ToString();
    }
}
