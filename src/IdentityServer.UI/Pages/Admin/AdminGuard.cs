using System.Globalization;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>
/// Before every page of the folder: only administrators come in, and only with a fresh proof; whoever is signed in without the role finds nothing
/// here. The pages speak English, whatever the person's language is.
/// </summary>
internal sealed class AdminGuard(Sessions sessions, UserQueries users, Visitors visitors, TimeProvider time) : IAsyncAuthorizationFilter, IAsyncResourceFilter
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    public async Task OnAuthorizationAsync(AuthorizationFilterContext context)
    {
        var http = context.HttpContext;
        if (await sessions.CurrentAsync(http) is not { } session)
            context.Result = new SeeOther(Paths.SignIn(null));
        else if (!await users.HasRoleAsync(session.UserId, RoleNames.Admin, http.RequestAborted))
            context.Result = new NotFoundResult();
        else if (!ProofPlace.Admin.IsProved(session, time.GetUtcNow()))
            context.Result = new SeeOther(Paths.Prove(ProofPlace.Admin.Name));
        else
            http.Features.Set(new AdminVisit(Operator.On(session, visitors.From(http))));
    }

    public async Task OnResourceExecutionAsync(ResourceExecutingContext context, ResourceExecutionDelegate next)
    {
        CultureInfo.CurrentCulture = English;
        CultureInfo.CurrentUICulture = English;
        context.HttpContext.Response.Headers.ContentLanguage = English.Name;
        await next();
    }
}

/// <summary>An administrator's request that the guard let in.</summary>
internal sealed record AdminVisit(Operator By);
