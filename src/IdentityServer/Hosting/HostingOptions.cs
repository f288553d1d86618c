using System.ComponentModel.DataAnnotations;
using System.Net;

namespace IdentityServer.Hosting;

/// <summary>How the process sits in its network: the section <c>Hosting</c>.</summary>
public sealed class HostingOptions : IValidatableObject
{
    /// <summary>Addresses (<c>10.0.0.7</c>) or networks (<c>10.0.0.0/24</c>) of the reverse proxies whose <c>X-Forwarded-*</c> headers are believed. Empty: nobody's.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from proxy in TrustedProxies
        where !IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _)
        select new ValidationResult($"Hosting:TrustedProxies: \"{proxy}\" is neither an IP address nor a network such as 10.0.0.0/24.");
}
