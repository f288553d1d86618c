using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Core.Abuse;

/// <summary>Whom a limit on networks counts.</summary>
internal static class Network
{
    /// <summary>
    /// The /24 of an IPv4 address, the /64 of an IPv6 one (a subscriber has a whole /64 to choose addresses from); one and the same for
    /// what is no address.
    /// </summary>
    public static string Of(string? ip)
    {
        if (!IPAddress.TryParse(ip, out var address))
            return "none";

        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var kept = address.AddressFamily == AddressFamily.InterNetwork ? 3 : 8;
        bytes.AsSpan(kept).Clear();
        return $"{new IPAddress(bytes)}/{kept * 8}";
    }
}
