using System.ComponentModel.DataAnnotations;

namespace IdentityServer.Protocol;

/// <summary>Settings of the protocol engine: the section <c>Server</c>.</summary>
public sealed class ProtocolOptions
{
    /// <summary>
    /// The server's public address and <c>iss</c>, e.g. <c>https://id.example.com</c>: https (http on loopback hosts only), no query, no fragment, no
    /// trailing slash. Null: the origin that the request was sent to, which is allowed for loopback hosts only.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>How long a person may take from an authorization request to its answer; 1 hour by default.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "24:00:00")]
    public TimeSpan RequestLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A page for developers, named in discovery (<c>service_documentation</c>), e.g. the deployment's guide.</summary>
    public string? ServiceDocumentation { get; set; }

    /// <summary>The languages that the pages speak, as BCP 47 tags: <c>ui_locales_supported</c> in discovery. Empty: not said.</summary>
    public IList<string> UiLocales { get; set; } = [];
}
