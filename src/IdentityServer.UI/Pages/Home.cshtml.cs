using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Pages;

/// <summary>What this server is, and where to go from here.</summary>
public sealed class HomeModel(Sessions sessions, IHostEnvironment environment, IOptions<ProtocolOptions> protocol, PasswordRules passwords) : PageModel
{
    /// <summary>Somebody is signed in here.</summary>
    public bool IsSignedIn { get; private set; }

    /// <summary>Passwords are asked for here, so that nobody is told that there are none.</summary>
    public bool HasPasswords => passwords.Enabled;

    /// <summary>The messages that were sent can be read here: in Development only.</summary>
    public bool HasInbox { get; } = environment.IsDevelopment();

    /// <summary>The deployment's guide for developers; in Development, run from the repository, its own documents.</summary>
    public string? Documentation { get; } = protocol.Value.ServiceDocumentation
        ?? (environment.IsDevelopment() && Directory.Exists(Path.Combine(environment.ContentRootPath, "docs")) ? "/dev/docs/README.md" : null);

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync() => IsSignedIn = await sessions.CurrentAsync(HttpContext) is not null;
}
