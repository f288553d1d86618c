using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Management;

/// <summary>One thing that happened, on the wire.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What, e.g. <c>message.sent</c>.</param>
/// <param name="Text">The same in a plain English sentence.</param>
/// <param name="Facts">Ids and numbers to follow it up.</param>
internal sealed record TimelineEntryJson(DateTimeOffset At, string Kind, string Text, IReadOnlyDictionary<string, string> Facts);

/// <summary>What happened to a person or an address, oldest first.</summary>
/// <param name="UserId">The account; null when the address has none.</param>
/// <param name="Entries">The newest ones, as many as were asked for.</param>
internal sealed record TimelineJson(Guid? UserId, IReadOnlyList<TimelineEntryJson> Entries)
{
    public static TimelineJson Of(Story story) =>
        new(story.UserId, [.. story.Entries.Select(entry => new TimelineEntryJson(entry.At, entry.Kind, entry.Text, entry.Facts))]);
}

/// <summary><c>/timeline</c> and <c>/users/{id}/timeline</c>: why did Anna not get in?</summary>
internal static class TimelineApi
{
    private const int Default = 200;
    private const int Most = 1_000;

    public static void MapTimeline(this RouteGroupBuilder api)
    {
        api.MapGet("/users/{id:guid}/timeline", OfUserAsync).RequireAdmin(ApiScopes.ReadUsers).WithTags("Users")
            .Describe("getUserTimeline", "Tell what happened to a user", "Requests, limits, messages and their receipts, tries, sessions and tokens in one list, oldest first; the newest `limit` entries since `from`.")
            .Gives<TimelineJson>();
        api.MapGet("/timeline", OfAddressAsync).RequireAdmin(ApiScopes.Admin).WithTags("Users")
            .Describe("getAddressTimeline", "Tell what happened to an address", "As a user's, for an address that may have no account.")
            .Gives<TimelineJson>();
    }

    private static async Task<IResult> OfUserAsync(Guid id, DateTimeOffset? from, int? limit, UserStory stories, CancellationToken cancellationToken) =>
        Check(limit) ?? (await stories.OfUserAsync(id, from, limit ?? Default, cancellationToken) is { } story ? TypedResults.Ok(TimelineJson.Of(story)) : Problem.NotFound());

    private static async Task<IResult> OfAddressAsync(
        string? address, DateTimeOffset? from, int? limit, UserStory stories, IOptions<SignInOptions> options, CancellationToken cancellationToken) =>
        Check(limit) ?? (Address.Parse(address, options.Value.DefaultRegion) is { } read
            ? TypedResults.Ok(TimelineJson.Of(await stories.OfAddressAsync(read, from, limit ?? Default, cancellationToken)))
            : Problem.Field("address", "Must be an e-mail address, or a phone number with its calling code."));

    private static IResult? Check(int? limit) => limit is < 1 or > Most ? Problem.Field("limit", $"Must be 1 to {Most}.") : null;
}
