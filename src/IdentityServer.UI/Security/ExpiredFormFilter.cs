using IdentityServer.UI.Pages;
using Microsoft.AspNetCore.Mvc.Core.Infrastructure;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityServer.UI.Security;

/// <summary>A form whose antiforgery token does not fit (open for days, cookies cleared, or forged) is shown anew with a word about it.</summary>
internal sealed class ExpiredFormFilter : IAlwaysRunResultFilter
{
    /// <summary>In the query of the page that is shown anew.</summary>
    public const string Mark = "expired";

    public void OnResultExecuting(ResultExecutingContext context)
    {
        if (context.Result is not IAntiforgeryValidationFailedResult)
            return;

        var request = context.HttpContext.Request;
        var path = request.Path.ToUriComponent() + request.QueryString.ToUriComponent();
        context.Result = new SeeOther(request.Query.ContainsKey(Mark) ? path : QueryHelpers.AddQueryString(path, Mark, "1"));
    }

    public void OnResultExecuted(ResultExecutedContext context)
    {
    }
}
