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
    private readonly byte[] hashKey = keys.First("suppression");

    /// <summary>A keyed hash of the address, by which suppressed addresses are known.</summary>
    public byte[] Hash(Channel channel, string address) =>
        HMACSHA256.HashData(hashKey, Encoding.UTF8.GetBytes($"{channel}|{address.ToUpperInvariant()}"));

    public string SealRecipient(Guid id, string recipient) => Protector(id, "recipient").Protect(recipient);

    public string OpenRecipient(Guid id, string sealedRecipient) => Protector(id, "recipient").Unprotect(sealedRecipient);

    public string SealModel(Guid id, IReadOnlyDictionary<string, string> model) =>
        Protector(id, "model").Protect(JsonSerializer.Serialize(model));

    public IReadOnlyDictionary<string, string> OpenModel(Guid id, string sealedModel) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Protector(id, "model").Unprotect(sealedModel)) ?? [];

    private IDataProtector Protector(Guid id, string part) =>
        protection.CreateProtector("IdentityServer.Messages", part, id.ToString("N"));
}
