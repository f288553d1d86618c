namespace IdentityServer.UI.Security;

/// <summary>Where a page's forms may lead, as a source list for <c>form-action</c> (Content Security Policy Level 3).</summary>
internal static class FormTarget
{
    /// <summary>This server only.</summary>
    public const string Own = "'self'";

    /// <summary>This server, then the application at <paramref name="redirectUri"/>, which may send the browser on to other https places.</summary>
    public static string For(string redirectUri)
    {
        if (!Uri.TryCreate(redirectUri, UriKind.Absolute, out var uri) || uri.Scheme == Uri.UriSchemeHttps)
            return Own + " https:";

        // The scheme and the authority of a parsed URI hold no space and no semicolon, so they cannot add a directive.
        return uri.Scheme == Uri.UriSchemeHttp
            ? $"{Own} https: {uri.GetLeftPart(UriPartial.Authority)}"
            : $"{Own} https: {uri.Scheme}:";
    }
}
