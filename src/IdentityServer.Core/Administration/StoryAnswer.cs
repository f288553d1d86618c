using System.Globalization;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Administration;

/// <summary>Why somebody did not get in, most likely: one sentence or two from what the story tells. Pure.</summary>
/// <param name="Text">For who was never told how the server works.</param>
/// <param name="IsProblem">Something stands in the way, or did the last time.</param>
public sealed record StoryAnswer(string Text, bool IsProblem)
{
    /// <summary>The answer for <paramref name="user"/>, or for an address without an account when null.</summary>
    public static StoryAnswer Of(Story story, User? user)
    {
        if (user?.DisabledAt is { } disabled)
            return Problem($"The account is disabled since {Day(disabled)}: nobody can sign in to it until it is enabled again.");
        if (story.Entries.LastOrDefault(entry => entry.Kind == "limit.paused") is { } paused)
            return Problem(paused.Text);

        var started = story.Entries.LastOrDefault(entry => entry.Kind == "challenge.started");
        var stopped = story.Entries.LastOrDefault(entry => entry.Kind is "audit.limit_reached" or "limit.reached" or "audit.sms_withheld" or "audit.sign_in_refused");
        if (stopped is not null && (started is null || stopped.At >= started.At) && !CameInAfter(story, stopped.At))
            return Problem($"{stopped.Text} That was at {Time(stopped.At)}.");
        if (started is not null)
            return OfChallenge(story, started, user);

        return user is null
            ? Problem("Nobody asked for a code with this address lately, or it was long ago and is forgotten. Perhaps another address was typed.")
            : story.Entries.LastOrDefault(IsSignIn) is { } signedIn
                ? new($"The last sign-in, at {Time(signedIn.At)}, worked. Nobody asked for a code since.", IsProblem: false)
                : Problem("Nobody ever asked for a code with an address of this account, as far as the server remembers. Perhaps another address was typed.");
    }

    private static StoryAnswer OfChallenge(Story story, StoryEntry started, User? user)
    {
        var tries = int.Parse(started.Facts.GetValueOrDefault("tries", "0"), CultureInfo.InvariantCulture);
        var at = Time(started.At);
        switch (started.Facts.GetValueOrDefault("status"))
        {
            case nameof(ChallengeStatus.Completed):
                return story.Entries.LastOrDefault(entry => entry.Kind == "token.code" && entry.At >= started.At) is { } code
                    && code.Text.Contains("never exchanged", StringComparison.Ordinal)
                    ? Problem(code.Text)
                    : new($"The last sign-in, begun at {at}, worked.", IsProblem: false);
            case nameof(ChallengeStatus.Verified):
                return Problem($"At {at} the code was right, but the person did not give a name on the next page, so that no account was made.");
        }

        if (started.Facts.ContainsKey("decoy"))
            return Problem($"At {at} somebody tried an address that may not sign in. The message said so and held no code.");
        if (tries > 0)
            return Problem($"After the request of {at} the code was typed wrong {(tries == 1 ? "once" : $"{tries.ToString(CultureInfo.InvariantCulture)} times")}. Perhaps an older message was read: only the newest code works.");

        // Ids are in the order of time: a message that a newer one took the place of counts as expired later than the newer one was sent.
        var newest = story.Entries.Where(entry => entry.Facts.GetValueOrDefault("challenge") == started.Facts["challenge"])
            .Select(entry => entry.Facts.GetValueOrDefault("message")).OfType<string>().Max(StringComparer.Ordinal);
        var message = story.Entries.LastOrDefault(entry => entry.Kind is not ("message.queued" or "message.report") && newest is not null && entry.Facts.GetValueOrDefault("message") == newest);
        return message?.Kind switch
        {
            "message.failed" or "message.expired" => Problem($"The last message was not accepted: {message.Text}"),
            "message.waits" => Problem($"The last message is not sent yet: {message.Text}"),
            "message.undelivered" => Problem("A provider took the last message and reports that it did not reach the person. The address may be wrong, or the mailbox full."),
            "message.delivered" => Problem($"The last message, asked for at {at}, arrived, but its code was never typed."),
            "message.sent" => Problem($"The last message, asked for at {at}, was taken by the provider, but its code was never typed. It may lie in the spam folder{(user is null ? ", or the address has a typing error" : "")}."),
            _ => Problem($"A code was asked for at {at} and never typed."),
        };
    }

    private static bool CameInAfter(Story story, DateTimeOffset at) => story.Entries.Any(entry => IsSignIn(entry) && entry.At > at);

    private static bool IsSignIn(StoryEntry entry) => entry.Kind is "audit.signed_in" or "audit.signed_up" or "audit.activated";

    private static StoryAnswer Problem(string text) => new(text, IsProblem: true);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
