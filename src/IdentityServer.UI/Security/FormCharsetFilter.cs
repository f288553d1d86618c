using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.UI.Security;

/// <summary>Refuses forms in anything but UTF-8 before antiforgery reads them: the framework knows charsets that it then fails on (UTF-7), and no browser sends them.</summary>
internal sealed class FormCharsetFilter : IAuthorizationFilter, IOrderedFilter
{
    /// <summary>Before antiforgery, which is at 1,000.</summary>
    public int Order => 0;

    public void OnAuthorization(AuthorizationFilterContext context)
    {
        if (MediaTypeHeaderValue.TryParse(context.HttpContext.Request.ContentType, out var type)
            && type.Charset.HasValue
            && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            context.Result = new StatusCodeResult(StatusCodes.Status415UnsupportedMediaType);
    }
}
