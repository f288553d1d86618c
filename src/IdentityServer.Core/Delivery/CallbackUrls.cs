using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Keys;
using IdentityServer.Protocol;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// The addresses that providers report to. Each belongs to one message and holds a secret that follows from a key outside the database, so that an
/// unsigned callback cannot be made up either, and what leaks of one message tells nothing of another.
/// </summary>
public sealed class CallbackUrls
{
    private readonly string? origin;
    private readonly IReadOnlyList<MacKey> keys;

    internal CallbackUrls(IOptions<DeliveryOptions> options, IOptions<ProtocolOptions> server, MasterKeys master)
    {
        origin = (options.Value.CallbackUrl ?? HttpsOnly(server.Value.Issuer))?.TrimEnd('/');
        keys = master.All("delivery callback");
    }

    /// <summary>Where the provider reports the message's fate; null when no public address is configured.</summary>
    public string? For(string provider, Guid messageId) => origin is null ? null : For(provider, messageId, Secret(keys[0].Key, provider, messageId));

    internal string For(string provider, Guid messageId, string secret) => $"{origin}/delivery/{provider}/{messageId:N}/{secret}";

    internal bool IsSecretOf(string secret, string provider, Guid messageId) => keys.Any(key =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(Secret(key.Key, provider, messageId))));

    private static string? HttpsOnly(string? issuer) => issuer?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true ? issuer : null;

    private static string Secret(byte[] key, string provider, Guid messageId) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{provider}|{messageId:N}")));
}
