using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Protocol.Authorize;

/// <summary>
/// Seals a validated request so that it can travel through the pages as <c>?request=</c>: nothing is written to the database for
/// a visitor who may never come back, and nobody can alter it. It is not a secret from the person whose browser carries it.
/// </summary>
public sealed class ParkedRequests(IDataProtectionProvider protection, IOptions<ProtocolOptions> options, TimeProvider time)
{
    // The sealed form must fit a URL, and is never read as anything but JSON: no escapes that only make it longer.
    internal static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    private readonly IDataProtector protector = protection.CreateProtector("IdentityServer.Protocol.ParkedRequest.v1");

    /// <summary>The sealed form, safe in a URL.</summary>
    public string Park(AuthorizeRequest request) =>
        protector.Protect(JsonSerializer.Serialize(request, Compact));

    /// <summary>The request; null when it was altered, is older than <see cref="ProtocolOptions.RequestLifetime"/>, or is nothing of ours.</summary>
    public AuthorizeRequest? Open(string? parked)
    {
        if (string.IsNullOrEmpty(parked))
            return null;

        try
        {
            var request = JsonSerializer.Deserialize<AuthorizeRequest>(protector.Unprotect(parked), Compact);
            return request is not null && request.ReceivedAt + options.Value.RequestLifetime > time.GetUtcNow() ? request : null;
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The same request with the person's no; resuming it answers <c>access_denied</c>.</summary>
    public string Deny(AuthorizeRequest request) => Park(request with { Denied = true });

    /// <summary>Where every step of the pages ends: the local path that takes a parked request up again.</summary>
    public static string ResumePath(string parked) => $"/connect/authorize/resume?request={Uri.EscapeDataString(parked)}";
}
