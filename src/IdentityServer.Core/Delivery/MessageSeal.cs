using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Core.Delivery;

/// <summary>
/// Seals what a message says and where it goes, so that a copy of the database holds neither. The message's id is part
/// of the purpose: what is sealed for one row does not open in another.
/// </summary>
internal sealed class MessageSeal(IDataProtectionProvider protection)
{
    public string SealRecipient(Guid id, string recipient) => Protector(id, "recipient").Protect(recipient);

    public string OpenRecipient(Guid id, string sealedRecipient) => Protector(id, "recipient").Unprotect(sealedRecipient);

    public string SealModel(Guid id, IReadOnlyDictionary<string, string> model) =>
        Protector(id, "model").Protect(JsonSerializer.Serialize(model));

    public IReadOnlyDictionary<string, string> OpenModel(Guid id, string sealedModel) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Protector(id, "model").Unprotect(sealedModel)) ?? [];

    private IDataProtector Protector(Guid id, string part) =>
        protection.CreateProtector("IdentityServer.Messages", part, id.ToString("N"));
}
