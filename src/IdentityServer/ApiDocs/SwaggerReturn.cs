namespace IdentityServer.ApiDocs;

/// <summary>
/// How Swagger UI hears of the sign-in that it opened in another window. Its own way, <c>window.opener</c>, is cut by the sign-in pages'
/// Cross-Origin-Opener-Policy, which stays; a broadcast channel carries the code within this origin alone. Swagger UI still compares the state.
/// </summary>
internal static class SwaggerReturn
{
    private const string ListenPath = "/swagger/listen.js";

    private const string ReturnPath = "/swagger/oauth2-redirect.html";
    private const string TellPath = "/swagger/tell.js";

    private const string Page = """
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Signed in</title></head>
        <body><p>You can close this window.</p><script src="tell.js"></script></body>
        </html>
        """;

    private const string Tell = """
        const channel = new BroadcastChannel("swagger-return");
        channel.postMessage(Object.fromEntries(new URLSearchParams(location.search)));
        history.replaceState(null, "", location.pathname);
        window.close();
        """;

    private const string Listen = """
        new BroadcastChannel("swagger-return").addEventListener("message", ({ data }) => {
            const waiting = window.swaggerUIRedirectOauth2;
            if (!waiting || data.state !== waiting.state)
                return;
            if (!data.code) {
                waiting.errCb({ authId: waiting.auth.name, source: "auth", level: "error", message: data.error_description || data.error || "There is no code." });
                return;
            }
            delete waiting.state;
            waiting.auth.code = data.code;
            waiting.callback({ auth: waiting.auth, redirectUrl: waiting.redirectUrl });
        });
        """;

    /// <summary>Answers for these paths; null for others.</summary>
    public static IResult? Find(PathString path) => path.Value switch
    {
        ReturnPath => TypedResults.Text(Page, "text/html; charset=utf-8"),
        TellPath => TypedResults.Text(Tell, "text/javascript; charset=utf-8"),
        ListenPath => TypedResults.Text(Listen, "text/javascript; charset=utf-8"),
        _ => null,
    };
}
