using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>
/// Carries a new secret over the redirect after a form, so that it is shown once and reloading makes no second one: sealed in a cookie for this
/// browser, this administrator and this application, for two minutes.
/// </summary>
public sealed class ShownSecret(IDataProtectionProvider protection)
{
    private const string Name = "IdentityServer.Shown";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    /// <summary>Keeps the secret for the next page.</summary>
    public void Keep(HttpContext context, Guid by, string clientId, string secret) =>
        context.Response.Cookies.Append(NameFor(context), Seal(by, clientId).Protect(secret, Life), Options(context, Life));

    /// <summary>The secret, once; null when there is none to show.</summary>
    public string? Take(HttpContext context, Guid by, string clientId)
    {
        if (context.Request.Cookies[NameFor(context)] is not { Length: > 0 } kept)
            return null;

        context.Response.Cookies.Delete(NameFor(context), Options(context, life: null));
        try
        {
            return Seal(by, clientId).Unprotect(kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // RFC 6265bis §4.1.3.2
    private static string NameFor(HttpContext context) => context.Request.IsHttps ? "__Host-" + Name : Name;

    private static CookieOptions Options(HttpContext context, TimeSpan? life) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = life,
    };

    private ITimeLimitedDataProtector Seal(Guid by, string clientId) =>
        protection.CreateProtector("IdentityServer.UI.Admin.ShownSecret", $"{by:N}", clientId).ToTimeLimitedDataProtector();
}
