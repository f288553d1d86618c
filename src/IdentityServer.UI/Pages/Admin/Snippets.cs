using IdentityServer.Protocol.Model;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Code that an application's developers can copy: each works with the application as it is registered.</summary>
internal static class Snippets
{
    /// <summary>What an application is, in the guide's words.</summary>
    public static string KindOf(Application application) => application switch
    {
        { IsBrowserBased: true } => "single-page app",
        { Kind: ApplicationKind.Native } => "native app",
        _ when !application.Allows(GrantTypes.AuthorizationCode) && application.Allows(GrantTypes.ClientCredentials) => "machine",
        _ => "web app",
    };

    /// <summary>What to copy, each with a title. Secrets are never in it: code names the variable that holds one.</summary>
    public static IReadOnlyList<(string Title, string Code)> For(Application application, string issuer)
    {
        var scope = string.Join(' ', application.Scopes);
        List<(string, string)> found = [];
        if (application.Allows(GrantTypes.AuthorizationCode) && application.RedirectUris is [var redirect, ..])
        {
            found.Add(application switch
            {
                { IsBrowserBased: true } => ("In the browser, with oidc-client-ts", Browser(application, issuer, redirect, scope)),
                { Kind: ApplicationKind.Native } => ("On Android, with AppAuth", Android(application, issuer, redirect, scope)),
                _ => ("On the server, with openid-client for Node.js", Web(application, issuer, redirect, scope)),
            });
        }

        if (application.Allows(NewApplicationModel.OneTimeCode))
            found.Add(("One-time codes without a browser", Codes(application, issuer, scope)));
        if (application.Allows(GrantTypes.ClientCredentials))
            found.Add(("A token for the machine itself", Machine(application, issuer, scope)));
        return found;
    }

    private static string Browser(Application application, string issuer, string redirect, string scope) => $$"""
        // npm install oidc-client-ts
        import { UserManager } from "oidc-client-ts";

        const users = new UserManager({
          authority: "{{issuer}}",
          client_id: "{{application.ClientId}}",
          redirect_uri: "{{redirect}}",{{(application.PostLogoutRedirectUris is [var after, ..] ? $"\n  post_logout_redirect_uri: \"{after}\"," : "")}}
          scope: "{{scope}}",
        });

        // On the page of the redirect URI:
        if (location.href.startsWith("{{redirect}}")) {
          await users.signinRedirectCallback();
          history.replaceState(null, "", "/");
        }

        const user = await users.getUser();          // null: nobody is signed in
        // await users.signinRedirect();              // behind the button "Sign in"
        // fetch(url, { headers: { Authorization: `Bearer ${user.access_token}` } });
        """;

    private static string Web(Application application, string issuer, string redirect, string scope) => $$"""
        // npm install openid-client
        import * as client from "openid-client";

        const config = await client.discovery(
          new URL("{{issuer}}"), "{{application.ClientId}}", process.env.CLIENT_SECRET{{(issuer.StartsWith("http:", StringComparison.Ordinal) ? ",\n  undefined, { execute: [client.allowInsecureRequests] }" : "")}});

        // To sign in: keep verifier and state in the visitor's session, then redirect to the address.
        const verifier = client.randomPKCECodeVerifier();
        const state = client.randomState();
        const address = client.buildAuthorizationUrl(config, {
          redirect_uri: "{{redirect}}",
          scope: "{{scope}}",
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
          state,
        });

        // At the redirect URI, with the address that the browser asked for:
        const tokens = await client.authorizationCodeGrant(config, currentUrl, { pkceCodeVerifier: verifier, expectedState: state });
        console.log(tokens.claims().sub);
        """;

    private static string Android(Application application, string issuer, string redirect, string scope) => $$"""
        // implementation("net.openid:appauth:0.11.1"), with the scheme of the redirect URI in the manifest
        AuthorizationServiceConfiguration.fetchFromIssuer(Uri.parse("{{issuer}}")) { configuration, error ->
          val request = AuthorizationRequest.Builder(
            configuration!!, "{{application.ClientId}}", ResponseTypeValues.CODE, Uri.parse("{{redirect}}"))
            .setScope("{{scope}}")
            .build()
          startActivityForResult(AuthorizationService(this).getAuthorizationRequestIntent(request), SIGN_IN)
        }
        """;

    private static string Codes(Application application, string issuer, string scope) => $$"""
        # 1. Send a code. The answer holds a challenge.
        curl "{{issuer}}/connect/otp" \
          -d client_id={{application.ClientId}} \
          -d address=anna@example.com \
          --data-urlencode scope="{{scope}}"

        # 2. The person types the code. The answer holds the tokens; "registration_required" asks for a name=… too.
        curl "{{issuer}}/connect/token" \
          -d grant_type={{NewApplicationModel.OneTimeCode}} \
          -d client_id={{application.ClientId}} \
          -d challenge="$CHALLENGE" \
          -d otp=123456
        """;

    private static string Machine(Application application, string issuer, string scope) => $$"""
        curl "{{issuer}}/connect/token" \
          -u "{{application.ClientId}}:$CLIENT_SECRET" \
          -d grant_type=client_credentials{{(scope.Length > 0 ? $" \\\n  --data-urlencode scope=\"{scope}\"" : "")}}
        """;
}
