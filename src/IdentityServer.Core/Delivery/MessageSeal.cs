using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// Seals what a message says and where it goes, so that a copy of the database holds neither. The message's id is part
/// of the purpose: what is sealed for one row does not open in another.
/// </summary>
internal sealed class MessageSeal(IDataProtectionProvider protection, MasterKeys keys)
{
    private readonly IReadOnlyList<byte[]> hashKeys = [.. keys.All("suppression").Select(key => key.Key)];

    /// <summary>A keyed hash of the address, by which suppressed addresses are known.</summary>
    public byte[] Hash(Channel channel, string address) => Hash(hashKeys[0], channel, address);

    /// <summary>Every hash by which the address may be known: who opted out under an earlier master key stays left alone.</summary>
    public IReadOnlyList<byte[]> Hashes(Channel channel, string address) => [.. hashKeys.Select(key => Hash(key, channel, address))];

    public string SealRecipient(Guid id, string recipient) => Protector(id, "recipient").Protect(recipient);

    public string OpenRecipient(Guid id, string sealedRecipient) => Protector(id, "recipient").Unprotect(sealedRecipient);

    public string SealModel(Guid id, IReadOnlyDictionary<string, string> model) =>
        Protector(id, "model").Protect(JsonSerializer.Serialize(model));

    public IReadOnlyDictionary<string, string> OpenModel(Guid id, string sealedModel) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Protector(id, "model").Unprotect(sealedModel)) ?? [];

    private static byte[] Hash(byte[] key, Channel channel, string address) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{channel}|{address.ToUpperInvariant()}"));

    private IDataProtector Protector(Guid id, string part) =>
        protection.CreateProtector("IdentityServer.Messages", part, id.ToString("N"));
}
