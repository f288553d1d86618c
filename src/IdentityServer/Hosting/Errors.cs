using IdentityServer.Management;
using Microsoft.AspNetCore.Diagnostics;

namespace IdentityServer.Hosting;

/// <summary>What is answered when nothing else was: people get the error page, programs a JSON error. Neither sees an exception's text.</summary>
internal static class Errors
{
    public static void UseErrors(this WebApplication app)
    {
        // The status page is the outer one: it turns what the exception handler left without a body into the error page.
        app.UseWhen(AsksForPage, page => page.UseStatusCodePagesWithReExecute("/error"));
        app.UseWhen(IsApi, api => api.UseStatusCodePages(status => Problem.Of(status.HttpContext.Response.StatusCode).ExecuteAsync(status.HttpContext)));
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = AnswerAsync,
            AllowStatusCode404Response = true,
            // A bad request is its sender's fault: it must not fill the log with errors, nor with what it holds.
            SuppressDiagnosticsCallback = failed => failed.Exception is BadHttpRequestException,
        });
        app.UseRouting();
    }

    private static Task AnswerAsync(HttpContext context)
    {
        var bad = context.Features.Get<IExceptionHandlerFeature>()?.Error as BadHttpRequestException;
        context.Response.StatusCode = bad?.StatusCode ?? StatusCodes.Status500InternalServerError;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";

        if (IsApi(context))
            return Problem.Of(context, bad).ExecuteAsync(context);

        // A browser gets no body here, so the status page takes over.
        return AsksForPage(context)
            ? Task.CompletedTask
            : context.Response.WriteAsJsonAsync(new
            {
                error = bad is null ? "server_error" : "invalid_request",
                error_description = bad is null ? $"Something went wrong here; the log names it under {context.TraceIdentifier}." : bad.Message,
            });
    }

    private static bool IsApi(HttpContext context) => context.Request.Path.StartsWithSegments(ManagementApi.Path, StringComparison.OrdinalIgnoreCase);

    private static bool AsksForPage(HttpContext context) =>
        !IsApi(context) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
