using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Security;

/// <summary>The cookie half of antiforgery. Over https its name has the <c>__Host-</c> prefix, so that no neighbour domain can plant it (RFC 6265bis §4.1.3.2).</summary>
internal sealed class FormCookie(IHttpContextAccessor accessor) : CookieBuilder
{
    private const string PlainName = "IdentityServer.Form";

    /// <summary>Follows from the scheme, whatever is set.</summary>
    public override string? Name
    {
        get => accessor.HttpContext?.Request.IsHttps == true ? "__Host-" + PlainName : PlainName;
    }
}

/// <summary>Sets antiforgery up.</summary>
internal sealed class FormCookieSetup(IHttpContextAccessor accessor) : IConfigureOptions<AntiforgeryOptions>
{
    public void Configure(AntiforgeryOptions options)
    {
        options.FormFieldName = "form-token";
        options.SuppressXFrameOptionsHeader = true;
        options.Cookie = new FormCookie(accessor)
        {
            HttpOnly = true,
            IsEssential = true,
            Path = "/",
            // Strict would hide it from the page that an application sends the browser to, and each visit would end the forms of all other tabs.
            SameSite = SameSiteMode.Lax,
            SecurePolicy = CookieSecurePolicy.SameAsRequest,
        };
    }
}
