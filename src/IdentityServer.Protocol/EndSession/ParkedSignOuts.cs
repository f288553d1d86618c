using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Protocol.Authorize;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Protocol.EndSession;

/// <summary>Seals a logout request, as <see cref="ParkedRequests"/> does an authorization request.</summary>
public sealed class ParkedSignOuts(IDataProtectionProvider protection, IOptions<ProtocolOptions> options, TimeProvider time)
{
    private readonly IDataProtector protector = protection.CreateProtector("IdentityServer.Protocol.ParkedSignOut.v1");

    /// <summary>The sealed form, safe in a URL.</summary>
    public string Park(EndSessionRequest request) => protector.Protect(JsonSerializer.Serialize(request, ParkedRequests.Compact));

    /// <summary>The request; null when it was altered, is older than <see cref="ProtocolOptions.RequestLifetime"/>, or is nothing of ours.</summary>
    public EndSessionRequest? Open(string? parked)
    {
        if (string.IsNullOrEmpty(parked))
            return null;

        try
        {
            var request = JsonSerializer.Deserialize<EndSessionRequest>(protector.Unprotect(parked), ParkedRequests.Compact);
            return request is not null && request.ReceivedAt + options.Value.RequestLifetime > time.GetUtcNow() ? request : null;
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Where the sign-out page ends: the local path that takes the parked request up again.</summary>
    public static string ResumePath(string parked) => $"/connect/endsession/resume?request={Uri.EscapeDataString(parked)}";
}
