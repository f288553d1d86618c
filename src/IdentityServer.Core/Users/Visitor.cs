using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Core.Users;

/// <summary>Who is at the other end of a request, before anybody signed in.</summary>
/// <param name="BrowserSecret">The 256 random bits in the browser's binding cookie: a challenge can only be finished by the browser that holds it.</param>
/// <param name="Ip">The client's address, behind configured proxies the forwarded one.</param>
/// <param name="UserAgent">At most 256 characters.</param>
/// <param name="Locale">The language of the page, so that messages speak it too.</param>
public sealed record Visitor(byte[] BrowserSecret, string? Ip, string? UserAgent, string Locale)
{
    /// <summary>This server's address as the visitor's messages name it: scheme and host, e.g. <c>https://id.example.com</c>.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The secret in the session cookie that the browser sent, if any: a sign-in replaces that session.</summary>
    public byte[]? SessionSecret { get; init; }

    internal byte[]? SessionKeyHash => SessionSecret is null ? null : SHA256.HashData(SessionSecret);

    internal byte[] BrowserHash => SHA256.HashData(BrowserSecret);
}

/// <summary>Reads a request's visitor and gives every browser its binding cookie, the first time it asks for anything.</summary>
public sealed class Visitors(Issuer issuer, TimeProvider time)
{
    private const int MaxUserAgent = 256;
    private const int MaxLocale = 35;
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);
    private static readonly object Known = new();

    /// <summary>
    /// The visitor; sets the binding cookie when the browser has none. The cookie is kept for a day from the last page of a sign-in, since phones
    /// drop cookies without an end when the browser makes room for the mail program.
    /// </summary>
    public Visitor From(HttpContext context)
    {
        if (context.Items[Known] is Visitor known)
            return known;

        var secret = BrowserCookie.Browser.Read(context) ?? RandomNumberGenerator.GetBytes(BrowserCookie.SecretLength);
        BrowserCookie.Browser.Write(context, secret, time.GetUtcNow() + Life);

        var visitor = new Visitor(secret, IpOf(context), Cut(context.Request.Headers.UserAgent.ToString(), MaxUserAgent), Cut(CultureInfo.CurrentUICulture.Name, MaxLocale))
        {
            Origin = issuer.For(context),
            SessionSecret = BrowserCookie.Session.Read(context),
        };
        context.Items[Known] = visitor;
        return visitor;
    }

    /// <summary>Where a request comes from, as it is written down: an IPv4 address in its own form also where the socket speaks IPv6.</summary>
    public static string? IpOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
    }

    // Never within a surrogate pair: PostgreSQL's driver refuses half a character.
    private static string Cut(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
