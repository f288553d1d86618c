using System.Globalization;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Administration;

/// <summary>Says in plain words what rows mean, for who was never told how the server works.</summary>
internal static class StorySentences
{
    public static string Of(AuditEntry entry)
    {
        var facts = entry.Facts;
        var byOwner = entry.UserId is { } owner && string.Equals(facts.GetValueOrDefault("by"), owner.ToString("D"), StringComparison.Ordinal);
        var by = facts.ContainsKey("through") && !byOwner ? $" by an administrator ({facts["through"]})" : "";
        return !Enum.TryParse<AuditKind>(entry.Kind, out var kind) ? entry.Kind : kind switch
        {
            AuditKind.SignInStarted => "Asked to sign in." + Sent(facts),
            AuditKind.CodeSent => "Asked for a code." + Sent(facts),
            AuditKind.CodeSentAgain => "Asked for another code; the earlier one stopped working." + Sent(facts),
            AuditKind.SmsWithheld => $"The text message was not sent: {Withheld(facts.GetValueOrDefault("reason"))}.",
            AuditKind.WrongCode => $"Typed a wrong code; {facts.GetValueOrDefault("failures", "1")} wrong ones in a row now.",
            AuditKind.WrongPassword => $"Typed a wrong password; {facts.GetValueOrDefault("failures", "1")} wrong ones in a row now.",
            AuditKind.PasswordChanged => $"The password was {facts.GetValueOrDefault("change", "changed")}.",
            AuditKind.AddressProved => "Typed the right code or used the link: the address is proved.",
            AuditKind.SignedIn => "Signed in.",
            AuditKind.SignedUp => "Signed up: the account was made.",
            AuditKind.SignInRefused when facts.ContainsKey("reason") => "Typed the right code in an application and was refused: the account has a password, so it is signed in to on the pages.",
            AuditKind.SignInRefused => "Typed the right code and was refused: the account is disabled, or registration is closed.",
            AuditKind.UnprovenStateRemoved => "What others may have left on the account before was removed, as its owner proved an address for the first time.",
            AuditKind.SessionEnded => by.Length > 0 ? $"A session was ended{by}." : "Signed out.",
            AuditKind.SessionRenewed => "Proved anew who they are, in a browser that was signed in.",
            AuditKind.ConsentGiven => $"Allowed an application: {facts.GetValueOrDefault("scopes", "")}.",
            AuditKind.UserDisabled => $"The account was disabled{by}: nobody can sign in to it.",
            AuditKind.UserEnabled => $"The account was opened again{by}.",
            AuditKind.UserSignedOut => $"All sessions and tokens were ended{by}.",
            AuditKind.TokensRevoked => $"All applications lost their access{by}.",
            AuditKind.RolesChanged => $"Roles were changed{by}: {facts.GetValueOrDefault("roles", "")}.",
            AuditKind.UserDeleted => "The account was deleted.",
            AuditKind.LimitReached => $"Was refused: {Limit(facts.GetValueOrDefault("limit", ""))}.",
            AuditKind.MessageRetried => $"A message was tried again{by}.",
            AuditKind.AccessRevoked => $"An application's access was taken back{by}.",
            AuditKind.UserCreated => $"The account was made{by}.",
            AuditKind.Activated => "The account was activated.",
            AuditKind.ProfileChanged => $"The profile was changed{by}: {facts.GetValueOrDefault("fields", "")}.",
            AuditKind.AddressChanged => $"The {Address(facts)} was added or changed.",
            AuditKind.AddressRemoved => $"The {Address(facts)} was removed.",
            AuditKind.AddressChangeUndone => $"The change of the {Address(facts)} was undone by the owner of the old one; all sessions and tokens ended.",
            AuditKind.PresenceConfirmed => "Confirmed with a code to be there.",
            AuditKind.OtherSessionsEnded => "Ended all other sessions.",
            AuditKind.InvitationUsed => "Named who invited them.",
            AuditKind.RegistrationIgnored => "Somebody registered with an address of this account; the account stays as it was.",
            AuditKind.SuppressionLifted => $"Messages go to the {Address(facts)} again; that was decided{by}.",
            AuditKind.DataDownloaded => "Downloaded all their data.",
            _ => Spaced(entry.Kind) + by + ".",
        };
    }

    public static string Started(Challenge challenge) => challenge.Purpose switch
    {
        ChallengePurpose.SignIn => $"A sign-in by {Way(challenge.Channel)} began.",
        ChallengePurpose.Registration => $"An activation by {Way(challenge.Channel)} began.",
        ChallengePurpose.NewAddress => "The proof of a new address began.",
        _ => "A confirmation began.",
    } + (challenge.Decoy ? " The message says why there is no code: nobody may sign in with this address." : "");

    public static string Ended(Challenge challenge, DateTimeOffset now) => challenge.Status switch
    {
        ChallengeStatus.Completed => "The right code or link came: it is finished.",
        ChallengeStatus.Verified => "The address was proved; the person's name was never given.",
        ChallengeStatus.Spent => $"It ended without success after {Number(challenge.Attempts)} tries.",
        _ when challenge.ExpiresAt <= now && challenge.Attempts == 0 => "It ran out: no code was ever typed.",
        _ when challenge.ExpiresAt <= now => $"It ran out after {Number(challenge.Attempts)} wrong codes.",
        _ when challenge.Codes[^1].ExpiresAt <= now => $"The code ran out; {Number(challenge.Attempts)} tries so far. Another can still be asked for.",
        _ => $"It waits for its code; {Number(challenge.Attempts)} tries so far.",
    };

    public static string Of(Message message) => message.Status switch
    {
        MessageStatus.Sent => $"{message.Provider} took the {Thing(message.Channel)} at try {Number(message.Attempts)}.",
        MessageStatus.Failed => $"The {Thing(message.Channel)} was given up after {Number(message.Attempts)} tries: {message.LastError ?? "no reason is known"}.",
        MessageStatus.Expired when message.LastError == "superseded" => $"The {Thing(message.Channel)} was withdrawn unsent: a newer code took its place.",
        MessageStatus.Expired => $"The {Thing(message.Channel)} was not sent in time ({Number(message.Attempts)} tries): {message.LastError ?? "nobody took it"}.",
        _ when message.Attempts == 0 => $"The {Thing(message.Channel)} waits to be sent.",
        _ => $"The {Thing(message.Channel)} waits for try {Number(message.Attempts + 1)}: {message.LastError ?? "being sent"}.",
    };

    public static string Of(MessageEvent step) => $"{step.Provider} reports: {step.Status}{(step.Code is null ? "" : $", code {step.Code}")}.";

    /// <summary>What a limit counts.</summary>
    public static string Limit(string name) => name switch
    {
        "address-starts-minute" => "this address asked for codes too quickly",
        "address-messages-hour" => "this address had all its messages of an hour",
        "address-messages-day" => "this address had all its messages of a day",
        "address-network-starts" => "this address was asked for too often from one network within a day",
        "code-failures" => "too many wrong codes for this address",
        _ when name.StartsWith("network-", StringComparison.Ordinal) => "too many requests from this network",
        _ when name.StartsWith("application-", StringComparison.Ordinal) => "too many requests through this application",
        _ when name.StartsWith("overall-", StringComparison.Ordinal) => "the whole server had too many requests",
        _ => $"the limit {name} was reached",
    };

    public static string Way(Channel channel) => channel == Channel.Email ? "e-mail" : "text message";

    private static string Thing(Channel channel) => channel == Channel.Email ? "mail" : "text message";

    private static string Sent(IReadOnlyDictionary<string, string> facts) =>
        facts.GetValueOrDefault("decoy") == "true" ? " The message says why there is no code."
        : facts.GetValueOrDefault("test") == "true" ? " It is a test address: nothing is sent."
        : "";

    private static string Address(IReadOnlyDictionary<string, string> facts) => facts.GetValueOrDefault("channel") == "sms" ? "phone number" : "e-mail address";

    private static string Withheld(string? reason) => reason switch
    {
        "country" => "text messages to this country are not allowed",
        "budget" => "the budget for text messages is used up",
        "unanswered" => "too many text messages to this country were not answered",
        null => "no reason is known",
        _ => reason,
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Spaced(string kind) => string.Concat(kind.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}"));
}
