using System.CommandLine;
using IdentityServer.Core.Administration;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.Extensions.Options;

namespace IdentityServer.Commands;

/// <summary><c>applications add</c>: four kinds with safe defaults. Existing ones are left alone.</summary>
internal sealed class NewApplication
{
    private static readonly string[] SignIn = [ScopeNames.OpenId, ScopeNames.Profile, ScopeNames.Email, ScopeNames.OfflineAccess];
    private const string OneTimeCode = "urn:identityserver:params:oauth:grant-type:otp";
    private static readonly string[] Kinds = ["spa", "web", "native", "machine"];

    private readonly Argument<string> clientId = new("client-id") { Description = "Its client_id: A-Z a-z 0-9 . _ ~ -" };
    private readonly Option<string> kind = new("--kind") { Description = "spa: in the browser; web: on a server; native: installed; machine: no people.", Required = true, HelpName = "spa|web|native|machine" };
    private readonly Option<string> name = new("--name") { Description = "What people see; the client_id when absent.", HelpName = "name" };
    private readonly Option<string[]> redirectUris = new("--redirect-uri") { Description = "Where people come back to, exactly; may be repeated. Needed but for machines.", HelpName = "address" };
    private readonly Option<string[]> postLogoutUris = new("--post-logout-uri") { Description = "Where people come to after signing out, exactly; may be repeated.", HelpName = "address" };
    private readonly Option<string[]> scopes = new("--scope") { Description = $"A scope that it may ask for, repeatedly; otherwise {string.Join(' ', SignIn)}, and none for machines.", HelpName = "scope" };
    private readonly Option<bool> otp = new("--otp") { Description = "Native and your own: it asks for one-time codes itself, without a browser." };
    private readonly Option<bool> own = new("--own") { Description = "It is yours: people are not asked whether it may know them. Not for native ones with redirect URIs that other apps can take: loopback, or a scheme of their own." };

    public static ServerCommand Command(CommandFrame frame)
    {
        var application = new NewApplication();
        var command = frame.OnDatabase(
            "add",
            "Register an application and print what goes where.",
            "applications add shop --kind spa --name Shop --redirect-uri https://shop.example/callback",
            application.AddAsync,
            application.clientId,
            application.kind,
            application.name,
            application.redirectUris,
            application.postLogoutUris,
            application.scopes,
            application.otp,
            application.own);
        application.kind.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } typed && !Kinds.Contains(typed, StringComparer.Ordinal))
                result.AddError($"--kind is one of {string.Join(", ", Kinds)}.");
        });
        command.Validators.Add(result =>
        {
            var typed = result.GetValue(application.kind);
            var hasUris = result.GetValue(application.redirectUris) is { Length: > 0 };
            var takesCodes = result.GetValue(application.otp);
            if (takesCodes && (typed != "native" || !result.GetValue(application.own)))
                result.AddError("--otp goes with --kind native and --own: whoever types a code into an application trusts it with the account.");
            if (typed is "spa" or "web" or "native" && !hasUris && !takesCodes)
                result.AddError("--redirect-uri is missing: where people come back to with the code, e.g. https://shop.example/callback");
            if (typed == "machine" && (hasUris || result.GetValue(application.postLogoutUris) is { Length: > 0 }))
                result.AddError("A machine has no people to send back: leave --redirect-uri and --post-logout-uri out.");
        });
        return command;
    }

    private async Task<CommandResult> AddAsync(IServiceProvider services, ParseResult line, CancellationToken cancellationToken)
    {
        var application = Read(line);
        var (change, secret) = await services.GetRequiredService<ApplicationAdministration>().AddAsync(application, CommandFrame.By, cancellationToken);
        if (ApplicationsCommands.Refusal(change) is { } refusal)
            return refusal;

        var authority = services.GetRequiredService<IOptions<ProtocolOptions>>().Value.Issuer ?? "http://localhost:5000";
        return new CommandResult(
            Instructions(application, line.GetRequiredValue(kind), authority, secret?.Value),
            new { authority, application.ClientId, Secret = secret?.Value, application.RedirectUris, application.GrantTypes, application.Scopes });
    }

    private Application Read(ParseResult line)
    {
        var typed = line.GetRequiredValue(kind);
        var asked = line.GetValue(scopes);
        var hasUris = line.GetValue(redirectUris) is { Length: > 0 };
        return new Application
        {
            Id = Guid.Empty,
            ClientId = line.GetRequiredValue(clientId),
            DisplayName = line.GetValue(name) ?? line.GetRequiredValue(clientId),
            Type = typed is "web" or "machine" ? ApplicationType.Confidential : ApplicationType.Public,
            Kind = typed == "native" ? ApplicationKind.Native : ApplicationKind.Web,
            Consent = line.GetValue(own) ? ConsentMode.Implicit : ConsentMode.Explicit,
            RedirectUris = line.GetValue(redirectUris) ?? [],
            PostLogoutRedirectUris = line.GetValue(postLogoutUris) ?? [],
            GrantTypes = typed == "machine" ? [GrantTypes.ClientCredentials]
                : [.. hasUris ? [GrantTypes.AuthorizationCode] : Array.Empty<string>(), .. line.GetValue(otp) ? [OneTimeCode] : Array.Empty<string>(), GrantTypes.RefreshToken],
            Scopes = asked is { Length: > 0 } ? asked : typed == "machine" ? [] : SignIn,
        };
    }

    private static string Instructions(Application application, string kind, string authority, string? secret)
    {
        List<string> lines = [$"{application.DisplayName} is registered. Put into it:", "", $"  authority      {authority}", $"  client_id      {application.ClientId}"];
        if (secret is not null)
            lines.Add($"  client_secret  {secret}    (shown this once; keep it on the server)");
        if (application.RedirectUris.Count > 0)
            lines.Add($"  redirect_uri   {application.RedirectUris[0]}");
        if (application.Scopes.Count > 0)
            lines.Add($"  scope          {string.Join(' ', application.Scopes)}");
        lines.Add("");
        lines.Add(kind switch
        {
            "spa" => "The whole way: docs/guides/protect-a-spa.md",
            "web" => "The whole way: docs/guides/protect-a-web-app.md",
            "native" => "With the system browser and PKCE, as RFC 8252 says: docs/guides/native-app.md",
            _ => $"Ask {authority}/connect/token with grant_type=client_credentials, authenticated by client_id and client_secret.",
        });
        return string.Join(Environment.NewLine, lines);
    }
}
