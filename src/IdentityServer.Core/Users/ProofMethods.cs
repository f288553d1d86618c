using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Users;

/// <summary>How a person proved who they are.</summary>
internal static class ProofMethods
{
    private static readonly IReadOnlyList<string> ByEmail = ["otp"];
    private static readonly IReadOnlyList<string> BySms = ["otp", "sms"];

    /// <summary>
    /// The <c>amr</c> of RFC 8176 §2: "otp: One-time password", and for text messages besides "sms: Confirmation using SMS text message to the user at a
    /// registered number". A link is a one-time secret by the same way as the code beside it.
    /// </summary>
    public static IReadOnlyList<string> Of(Channel channel) => channel == Channel.Sms ? BySms : ByEmail;
}
