using System.Globalization;

namespace IdentityServer.Core.Users;

/// <summary>Addresses as they are shown to who need not know them whole.</summary>
public static class MaskedAddress
{
    private const string Hidden = "•••";
    private const int ShownFirst = 3;
    private const int ShownLast = 2;

    /// <summary>E.g. <c>a•••@e•••.com</c> or <c>+49•••67</c>; null stays null.</summary>
    public static string? Of(string? address)
    {
        if (address is null)
            return null;
        if (address.LastIndexOf('@') is var at && at < 0)
            return address.Length <= ShownFirst + ShownLast ? Hidden : address[..ShownFirst] + Hidden + address[^ShownLast..];

        var domain = address[(at + 1)..];
        var dot = domain.LastIndexOf('.');
        return $"{First(address[..at])}@{First(dot < 0 ? domain : domain[..dot])}{(dot < 0 ? "" : domain[dot..])}";
    }

    private static string First(string part) => part.Length > 1 ? StringInfo.GetNextTextElement(part) + Hidden : Hidden;
}
