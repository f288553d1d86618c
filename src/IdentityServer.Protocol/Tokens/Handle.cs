using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Protocol.Tokens;

/// <summary>Random credentials that mean nothing by themselves: authorization codes and reference access tokens.</summary>
public static class Handle
{
    /// <summary>256 random bits in base64url: 43 characters.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>How the ledger finds a handle that it does not store: base64url of its SHA-256. With 256 random bits a fast hash is right.</summary>
    public static string Reference(string handle) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(handle)));
}
