using System.Buffers.Text;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Core.Users;

/// <summary>A cookie that holds 256 random bits and nothing else.</summary>
internal sealed class BrowserCookie
{
    public const int SecretLength = 32;

    private readonly string name;

    private BrowserCookie(string name) => this.name = name;

    /// <summary>Binds a challenge to the browser that asked.</summary>
    public static BrowserCookie Browser { get; } = new("IdentityServer.Browser");

    /// <summary>The sign-in.</summary>
    public static BrowserCookie Session { get; } = new("IdentityServer.Session");

    public byte[]? Read(HttpContext context)
    {
        if (context.Request.Cookies[NameFor(context)] is not { Length: 43 } text || !Base64Url.IsValid(text))
            return null;

        var secret = Base64Url.DecodeFromChars(text);
        return secret.Length == SecretLength ? secret : null;
    }

    public void Write(HttpContext context, byte[] secret, DateTimeOffset expiresAt) =>
        context.Response.Cookies.Append(NameFor(context), Base64Url.EncodeToString(secret), Options(context, expiresAt));

    public void Delete(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context), Options(context, null));

    // __Host- keeps a sister domain or plain http from planting the cookie; over http only this machine is served, where browsers refuse Secure.
    private string NameFor(HttpContext context) => IsPlain(context) ? name : $"__Host-{name}";

    private static CookieOptions Options(HttpContext context, DateTimeOffset? expiresAt) => new()
    {
        Path = "/",
        HttpOnly = true,
        Secure = !IsPlain(context),
        SameSite = SameSiteMode.Lax,
        IsEssential = true,
        Expires = expiresAt,
    };

    private static bool IsPlain(HttpContext context) => !context.Request.IsHttps && Issuer.IsLoopback(context.Request.Host.Host);
}
