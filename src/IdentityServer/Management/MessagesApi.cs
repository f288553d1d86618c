using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;

namespace IdentityServer.Management;

/// <summary>A message on the wire: how it fared, never what it says.</summary>
/// <param name="Id">The row.</param>
/// <param name="Channel">How it travels.</param>
/// <param name="Template">What kind of message it is.</param>
/// <param name="To">The address, masked; null when it is not known any more.</param>
/// <param name="UserId">Whose account it is about, if any.</param>
/// <param name="ChallengeId">The challenge that it carries a code of, if any.</param>
/// <param name="Locale">Its language.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Attempts">Times that sending was begun.</param>
/// <param name="CreatedAt">When it was queued.</param>
/// <param name="NextTryAt">When it is tried (again); null when it is done with.</param>
/// <param name="SentAt">When a provider took it.</param>
/// <param name="ExpiresAt">When nobody needs it any more.</param>
/// <param name="Provider">Who took it.</param>
/// <param name="ProviderId">The provider's name for it.</param>
/// <param name="Receipt">What the provider reported last that counts.</param>
/// <param name="ReceiptAt">When that was reported.</param>
/// <param name="LastError">Why the last try failed.</param>
/// <param name="CanRetry">Whether trying again has a chance.</param>
internal sealed record MessageJson(
    Guid Id,
    Channel Channel,
    string Template,
    string? To,
    Guid? UserId,
    Guid? ChallengeId,
    string Locale,
    MessageStatus Status,
    int Attempts,
    DateTimeOffset CreatedAt,
    DateTimeOffset? NextTryAt,
    DateTimeOffset? SentAt,
    DateTimeOffset ExpiresAt,
    string? Provider,
    string? ProviderId,
    MessageReceipt? Receipt,
    DateTimeOffset? ReceiptAt,
    string? LastError,
    bool CanRetry)
{
    public static MessageJson Of(MessageView view)
    {
        var row = view.Message;
        return new(
            row.Id,
            row.Channel,
            row.Template,
            view.To,
            view.UserId,
            row.ChallengeId,
            row.Locale,
            row.Status,
            row.Attempts,
            row.CreatedAt,
            row.Status == MessageStatus.Queued ? row.NotBefore : null,
            row.SentAt,
            row.ExpiresAt,
            row.Provider,
            row.ProviderId,
            row.Receipt,
            row.ReceiptAt,
            row.LastError,
            view.CanRetry);
    }
}

/// <summary>A step of a message's way as its provider reported it.</summary>
internal sealed record MessageStepJson(DateTimeOffset At, string Provider, string Status, string? Code);

/// <summary>A message with the steps of its way, in order.</summary>
internal sealed record MessageDetailsJson(MessageJson Message, IReadOnlyList<MessageStepJson> Steps);

/// <summary><c>/messages</c>: mails and text messages on their way.</summary>
internal static class MessagesApi
{
    public static void MapMessages(this RouteGroupBuilder api)
    {
        var routes = api.MapGroup("/messages").RequireAdmin(ApiScopes.Admin).WithTags("Messages");
        routes.MapGet("", ListAsync).Describe("listMessages", "List messages", "Newest first; by status, channel, provider, challenge_id, from and to.").Gives<PageJson<MessageJson>>();
        routes.MapGet("/{id:guid}", GetAsync).Describe("getMessage", "Read a message's way", "What its provider reported, step by step.").Gives<MessageDetailsJson>();
        routes.MapPost("/{id:guid}/retry", RetryAsync)
            .Describe("retryMessage", "Try a message again", "One that waits is tried at once. For one that was given up a new code is sent, while its challenge waits for one and limits allow it: what it said is gone, and a dead code is never sent.")
            .GivesNothing().RefusesConflicts();
    }

    private static async Task<IResult> ListAsync(
        Choice<MessageStatus>? status,
        Choice<Channel>? channel,
        string? provider,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "challenge_id")] Guid? challengeId,
        DateTimeOffset? from,
        DateTimeOffset? to,
        [AsParameters] Paging paging,
        HttpContext context,
        MessageAdministration messages)
    {
        var query = new MessageQuery
        {
            Status = status?.Value, Channel = channel?.Value, Provider = provider, ChallengeId = challengeId, From = from, To = to, Limit = paging.Take, Offset = paging.Skip,
        };
        return paging.Check() ?? TypedResults.Ok(paging.Page(context, await messages.ListAsync(query, context.RequestAborted), MessageJson.Of));
    }

    private static async Task<IResult> GetAsync(Guid id, HttpContext context, MessageAdministration messages) =>
        await messages.FindAsync(id, context.RequestAborted) is var (message, steps)
            ? TypedResults.Ok(new MessageDetailsJson(MessageJson.Of(message), [.. steps.Select(step => new MessageStepJson(step.At, step.Provider, step.Status, step.Code))]))
            : Problem.NotFound();

    private static async Task<IResult> RetryAsync(Guid id, Caller caller, HttpContext context, MessageAdministration messages, Issuer issuer, TimeProvider time) =>
        await messages.RetryAsync(id, issuer.For(context), caller.AsOperator(), context.RequestAborted) switch
        {
            RetryOutcome.Queued => TypedResults.NoContent(),
            RetryOutcome.Refused(var reason) => Problem.Of(StatusCodes.Status409Conflict, "conflict", reason),
            RetryOutcome.TryLater(var at) => Problem.TryLater(context, at - time.GetUtcNow()),
            _ => Problem.NotFound(),
        };
}
