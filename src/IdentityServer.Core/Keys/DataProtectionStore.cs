using System.Xml.Linq;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Core.Keys;

/// <summary>Keeps ASP.NET Core's data protection keys in the database, their secret part sealed with the master key.</summary>
public sealed class DataProtectionStore(IDbContextFactory<ServerDb> databases, MasterKeys masters, TimeProvider time) : IXmlRepository
{
    /// <inheritdoc/>
    /// <exception cref="MasterKeyException">
    /// A key was sealed with another master key. The framework by itself would make a new key in silence, and everything sealed would be lost.
    /// </exception>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = databases.CreateDbContext();
        var elements = db.DataProtectionKeys.AsNoTracking().OrderBy(key => key.Id).Select(key => key.Xml).AsEnumerable().Select(XElement.Parse).ToList();
        foreach (var box in elements.SelectMany(element => element.Descendants(MasterKeyXmlEncryptor.Element)))
            masters.EnsureKnown(Convert.FromBase64String(box.Value), MasterKeyXmlEncryptor.Purpose);
        return elements;
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        using var db = databases.CreateDbContext();
        db.DataProtectionKeys.Add(new DataProtectionKey
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            FriendlyName = friendlyName,
            Xml = element.ToString(SaveOptions.DisableFormatting),
        });
        db.SaveChanges();
    }
}

/// <summary>Seals the secret part of a data protection key.</summary>
internal sealed class MasterKeyXmlEncryptor(MasterKeys masters) : IXmlEncryptor
{
    public const string Purpose = "data protection key";
    public const string Element = "sealedWithMasterKey";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plaintext = System.Text.Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var box = masters.Seal(Purpose, Purpose, plaintext);
        return new EncryptedXmlInfo(new XElement(Element, Convert.ToBase64String(box)), typeof(MasterKeyXmlDecryptor));
    }
}

/// <summary>Opens it. The framework makes it by the type's name, which is in the database: do not rename or move it.</summary>
public sealed class MasterKeyXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    /// <inheritdoc/>
    public XElement Decrypt(XElement encryptedElement)
    {
        var masters = services.GetRequiredService<MasterKeys>();
        var plaintext = masters.Open(MasterKeyXmlEncryptor.Purpose, MasterKeyXmlEncryptor.Purpose, Convert.FromBase64String(encryptedElement.Value));
        return XElement.Parse(System.Text.Encoding.UTF8.GetString(plaintext));
    }
}
