using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// The address between the page that asks for it and the page that asks for the password: sealed in the page's own address, for one browser. Nothing is
/// written for a visitor who stops there.
/// </summary>
internal sealed class TypedAddresses(IDataProtectionProvider protection, TimeProvider time)
{
    private const int MostSealed = 2_000;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    private readonly IDataProtector seal = protection.CreateProtector("IdentityServer.Core.SignIn.TypedAddress.v1");

    public string Seal(Address address, Visitor visitor) => seal.Protect(string.Create(
        CultureInfo.InvariantCulture, $"{time.GetUtcNow().ToUnixTimeSeconds()} {Base64Url.EncodeToString(visitor.BrowserHash)} {address.Value}"));

    /// <summary>The address; null when it is too old, another browser's or not ours.</summary>
    public Address? Open(string? text, Visitor visitor)
    {
        if (text is not { Length: > 0 and <= MostSealed })
            return null;

        try
        {
            return seal.Unprotect(text).Split(' ', 3) is [var at, var browser, var address]
                && time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(long.Parse(at, CultureInfo.InvariantCulture)) <= Life
                && CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(browser), visitor.BrowserHash)
                    ? Address.Parse(address)
                    : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
