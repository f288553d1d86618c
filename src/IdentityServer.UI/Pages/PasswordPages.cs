using IdentityServer.Core.Users.Passwords;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Pages;

/// <summary>Takes the pages about passwords away while <c>SignIn:Password</c> is not enabled: their addresses lead nowhere.</summary>
internal sealed class PasswordPages(PasswordRules rules) : IConfigureOptions<RazorPagesOptions>
{
    public void Configure(RazorPagesOptions options)
    {
        if (rules.Enabled)
            return;

        foreach (var page in new[] { "/SignIn/Password", "/SignIn/NewPassword", "/Account/Password" })
            options.Conventions.AddPageRouteModelConvention(page, model => model.Selectors.Clear());
    }
}
