using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Core.Delivery;

/// <summary>Owns <c>POST /delivery/{provider}/{message}/{secret}</c>, where providers report what became of messages.</summary>
public static class DeliveryCallbacks
{
    private const int LargestBody = 64 * 1024;

    /// <summary>Maps the callbacks of the providers in use; none, when none of them calls back.</summary>
    public static IEndpointRouteBuilder MapDeliveryCallbacks(this IEndpointRouteBuilder endpoints)
    {
        foreach (var sender in endpoints.ServiceProvider.GetRequiredService<Senders>().All.Where(sender => sender is IReceivesCallbacks))
        {
            endpoints.MapPost(
                    $"/delivery/{sender.Name}/{{message:guid}}/{{secret}}",
                    (RequestDelegate)(context => HandleAsync(context, sender.Name, (IReceivesCallbacks)sender)))
                .WithMetadata(new RequestSizeLimitAttribute(LargestBody))
                .ExcludeFromDescription();
        }

        return endpoints;
    }

    private static async Task HandleAsync(HttpContext context, string provider, IReceivesCallbacks sender)
    {
        var urls = context.RequestServices.GetRequiredService<CallbackUrls>();
        var messageId = Guid.Parse((string)context.GetRouteValue("message")!);
        var secret = (string)context.GetRouteValue("secret")!;
        context.Response.Headers.CacheControl = "no-store";
        if (!urls.IsSecretOf(secret, provider, messageId))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var url = urls.For(provider, messageId, secret) + context.Request.QueryString.Value;
        context.Response.StatusCode = await ReadAsync(context, sender, messageId, url) switch
        {
            CallbackReading.Forged => StatusCodes.Status403Forbidden,
            CallbackReading.Read read => await WriteAsync(context, messageId, provider, read.Receipt),
            _ => StatusCodes.Status400BadRequest,
        };
    }

    private static async Task<CallbackReading> ReadAsync(HttpContext context, IReceivesCallbacks sender, Guid messageId, string url)
    {
        try
        {
            return await sender.ReadAsync(context.Request, messageId, url, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            // A form with too many or too long fields.
            return new CallbackReading.Malformed();
        }
    }

    // A message that was pruned meanwhile is no reason for the provider to call again.
    private static async Task<int> WriteAsync(HttpContext context, Guid messageId, string provider, Receipt receipt)
    {
        await context.RequestServices.GetRequiredService<ReceiptWriter>().WriteAsync(messageId, provider, receipt, context.RequestAborted);
        return StatusCodes.Status200OK;
    }
}
