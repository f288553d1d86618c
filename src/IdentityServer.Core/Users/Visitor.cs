using Microsoft.AspNetCore.Http;

namespace IdentityServer.Core.Users;

/// <summary>Who is at the other end of a request, before anybody signed in.</summary>
/// <param name="BrowserSecret">The 256 random bits in the browser's binding cookie: a challenge can only be finished by the browser that holds it.</param>
/// <param name="Ip">The client's address, behind configured proxies the forwarded one.</param>
/// <param name="UserAgent">At most 256 characters.</param>
/// <param name="Locale">The language of the page, so that messages speak it too.</param>
public sealed record Visitor(byte[] BrowserSecret, string? Ip, string? UserAgent, string Locale);

/// <summary>Reads a request's visitor and gives every browser its binding cookie, the first time it asks for anything.</summary>
public sealed class Visitors
{
    /// <summary>The visitor; sets the binding cookie when the browser has none.</summary>
    public Visitor From(HttpContext context) => throw new InvalidOperationException("not yet");
}
