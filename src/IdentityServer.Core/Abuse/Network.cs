using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Core.Abuse;

/// <summary>Whom a limit on networks counts.</summary>
public static class Network
{
    private const int Ipv4Bytes = 3;
    private const int Ipv6Bytes = 8;
    private const int SiteBytes = 6;

    /// <summary>
    /// The /24 of an IPv4 address, the /64 of an IPv6 one (a subscriber has a whole /64 to choose addresses from); one and the same for
    /// what is no address.
    /// </summary>
    public static string Of(string? ip) => Read(ip) is not { } address ? "none"
        : Prefix(address, address.AddressFamily == AddressFamily.InterNetwork ? Ipv4Bytes : Ipv6Bytes);

    /// <summary>The /48 of an IPv6 address, which tunnel brokers and hosters give to anybody; null for others.</summary>
    public static string? SiteOf(string? ip) =>
        Read(ip) is { AddressFamily: AddressFamily.InterNetworkV6 } address ? Prefix(address, SiteBytes) : null;

    private static IPAddress? Read(string? ip) =>
        !IPAddress.TryParse(ip, out var address) ? null : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static string Prefix(IPAddress address, int bytes)
    {
        var kept = address.GetAddressBytes();
        kept.AsSpan(bytes).Clear();
        return $"{new IPAddress(kept)}/{bytes * 8}";
    }
}
