using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.SignIn;

/// <summary>The parameter <c>challenge</c> of the one-time-code grant: base64url of the challenge's id (16 bytes) and a 256-bit secret, which binds it to who started it as the cookie binds a browser.</summary>
internal readonly record struct OneTimeCodeChallenge(Guid Id, byte[] Secret)
{
    /// <summary>The grant's name, and the switch: an application may use it when its grant types hold this.</summary>
    public const string GrantType = "urn:identityserver:params:oauth:grant-type:otp";

    private const int IdLength = 16;
    private const int SecretLength = 32;

    public byte[] BrowserHash => SHA256.HashData(Secret);

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretLength);

    public static OneTimeCodeChallenge? Read(string? text)
    {
        if (text is null || !Base64Url.IsValid(text, out var length) || length != IdLength + SecretLength)
            return null;

        var bytes = Base64Url.DecodeFromChars(text);
        return new OneTimeCodeChallenge(new Guid(bytes.AsSpan(0, IdLength), bigEndian: true), bytes[IdLength..]);
    }

    /// <summary>Who may use the grant: never a browser (OAuth 2.0 for Browser-Based Apps: "MUST use a redirect-based flow"), where any page could ask for the code.</summary>
    public static bool IsAllowed(Application application) => application.Allows(GrantType) && !application.IsBrowserBased;

    public override string ToString() => Base64Url.EncodeToString([.. Id.ToByteArray(bigEndian: true), .. Secret]);
}
