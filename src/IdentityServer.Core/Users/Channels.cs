using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Users;

internal static class Channels
{
    /// <summary>As it stands in the audit log and in metrics.</summary>
    public static string Name(this Channel channel) => channel == Channel.Email ? "email" : "sms";

    public static Channel Other(this Channel channel) => channel == Channel.Email ? Channel.Sms : Channel.Email;
}
