using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages;

/// <summary>Addresses in pages.</summary>
internal static class LocalUrls
{
    /// <summary><paramref name="path"/>, which lacks the path base, with it.</summary>
    public static string Local(this IUrlHelper url, string path) => url.ActionContext.HttpContext.Request.PathBase.Value + path;
}
