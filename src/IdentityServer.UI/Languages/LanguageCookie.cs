using System.Globalization;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.UI.Languages;

/// <summary>A person's choice of language in this browser.</summary>
/// <param name="Tag">BCP 47.</param>
/// <param name="ChosenAt">When they chose, to the millisecond.</param>
internal sealed record LanguageCookie(string Tag, DateTimeOffset ChosenAt)
{
    private const string PlainName = "IdentityServer.Language";
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    /// <summary>The choice that the browser sent; null when it is none of ours.</summary>
    public static LanguageCookie? Read(HttpContext context) =>
        context.Request.Cookies[NameFor(context)]?.Split('.') is [var tag, var milliseconds]
        && long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new LanguageCookie(tag, DateTimeOffset.FromUnixTimeMilliseconds(at))
            : null;

    public void Write(HttpContext context) => context.Response.Cookies.Append(
        NameFor(context),
        string.Create(CultureInfo.InvariantCulture, $"{Tag}.{ChosenAt.ToUnixTimeMilliseconds()}"),
        new CookieOptions
        {
            Path = "/",
            HttpOnly = true,
            Secure = !IsPlain(context),
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
            Expires = ChosenAt + Life,
        });

    private static string NameFor(HttpContext context) => IsPlain(context) ? PlainName : $"__Host-{PlainName}";

    private static bool IsPlain(HttpContext context) => !context.Request.IsHttps && Issuer.IsLoopback(context.Request.Host.Host);
}
