using System.Text.Json;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Audit;

/// <summary>What is written down of what happened. Never an address, a code, a link or a token.</summary>
public static class AuditLog
{
    /// <summary>Adds an entry to what <paramref name="db"/> will save: it exists exactly when what it tells of exists.</summary>
    public static void Add(ServerDb db, AuditKind kind, DateTimeOffset at, AuditSubject about = default, IReadOnlyDictionary<string, string>? data = null) =>
        db.Add(new AuditEvent
        {
            Id = Guid.CreateVersion7(at),
            At = at,
            Kind = kind.ToString(),
            UserId = about.UserId,
            ApplicationId = about.ApplicationId,
            SessionId = about.SessionId,
            Ip = about.Ip,
            Data = data is null ? "{}" : JsonSerializer.Serialize(data),
        });

    /// <summary>Whether an administrator, an application or the command line did it, not the person whom it concerns.</summary>
    internal static bool IsBySomebodyElse(AuditEvent entry)
    {
        var facts = JsonSerializer.Deserialize<Dictionary<string, string>>(entry.Data)!;
        return facts.ContainsKey("through") && facts.GetValueOrDefault("by") != entry.UserId?.ToString("D");
    }
}

/// <summary>Whom and what an entry concerns.</summary>
public readonly record struct AuditSubject(Guid? UserId = null, Guid? ApplicationId = null, Guid? SessionId = null, string? Ip = null);

/// <summary>What can happen.</summary>
public enum AuditKind
{
    /// <summary>A challenge was made and a message queued. Data: <c>decoy</c>; <c>test</c> when the address has a fixed code and nothing was sent.</summary>
    SignInStarted,

    /// <summary>A code for another purpose than signing in was asked for. Data: as <see cref="SignInStarted"/>.</summary>
    CodeSent,

    /// <summary>Another code was asked for.</summary>
    CodeSentAgain,

    /// <summary>A text message was asked for and not sent. Data: <c>reason</c>: <c>country</c>, <c>budget</c> or <c>unanswered</c>.</summary>
    SmsWithheld,

    /// <summary>A wrong code was typed. Data: <c>failures</c> in a row for the address.</summary>
    WrongCode,

    /// <summary>A wrong password was typed, or one where there is none. Data: <c>failures</c> in a row for the address.</summary>
    WrongPassword,

    /// <summary>A password was set, changed, removed, or chosen anew after a code. Data: <c>change</c>: <c>set</c>, <c>changed</c>, <c>removed</c>, <c>reset</c>.</summary>
    PasswordChanged,

    /// <summary>An address was proved: a new person's, whose details are awaited, or a further one of somebody who is signed in.</summary>
    AddressProved,

    /// <summary>Someone signed in. Data: <c>test</c> when it was with a fixed code.</summary>
    SignedIn,

    /// <summary>An account came to be. Data: as <see cref="SignedIn"/>.</summary>
    SignedUp,

    /// <summary>An address was proved whose account is disabled or was made with another spelling meanwhile, or that may have none; nobody was signed in. Data: <c>reason</c>: <c>password</c> where an application sent a code and the account has a password besides.</summary>
    SignInRefused,

    /// <summary>A first proof of the mailbox removed what others may have left on the account.</summary>
    UnprovenStateRemoved,

    /// <summary>A session was ended by its owner; with <c>through</c> and <c>by</c> in the data by an administrator.</summary>
    SessionEnded,

    /// <summary>The owner proved anew who they are, in a browser that was signed in.</summary>
    SessionRenewed,

    /// <summary>An application was allowed scopes. Data: <c>scopes</c>.</summary>
    ConsentGiven,

    /// <summary>An administrator locked the account. Data, here and below: <c>through</c>, and <c>by</c>, the administrator.</summary>
    UserDisabled,

    /// <summary>An administrator opened the account.</summary>
    UserEnabled,

    /// <summary>An administrator ended the account's sessions, authorizations and tokens.</summary>
    UserSignedOut,

    /// <summary>An administrator changed the account's roles. Data: also <c>roles</c>.</summary>
    RolesChanged,

    /// <summary>The account was deleted, by an administrator or its owner.</summary>
    UserDeleted,

    /// <summary>A limit had no room for a start or a code. Data: <c>limit</c>, its name. Once for each limit and window, however often it refuses.</summary>
    LimitReached,

    /// <summary>An administrator added, changed or removed an application. Data: also <c>application</c> and <c>change</c>.</summary>
    ApplicationChanged,

    /// <summary>An administrator added or removed an application's secret. Data: also <c>application</c> and <c>change</c>.</summary>
    SecretChanged,

    /// <summary>An administrator added, changed or removed a scope. Data: also <c>scope</c> and <c>change</c>.</summary>
    ScopeChanged,

    /// <summary>An administrator had new signing keys made. Data: also <c>immediately</c>.</summary>
    KeysRotated,

    /// <summary>An administrator had a message tried again. Data: also <c>message</c>.</summary>
    MessageRetried,

    /// <summary>An administrator ended what applications were given for the account.</summary>
    TokensRevoked,

    /// <summary>An administrator made the account. Data: as <see cref="UserDisabled"/>.</summary>
    UserCreated,

    /// <summary>An account that was registered became its owner's.</summary>
    Activated,

    /// <summary>A profile was changed, by its owner or an administrator. Data: <c>fields</c>, <c>through</c>, <c>by</c>.</summary>
    ProfileChanged,

    /// <summary>An address was added or changed by the account's owner. Data: <c>channel</c>.</summary>
    AddressChanged,

    /// <summary>An address was removed by the account's owner. Data: <c>channel</c>.</summary>
    AddressRemoved,

    /// <summary>The owner of an old address took it back; all sessions, authorizations and tokens ended. Data: <c>channel</c>.</summary>
    AddressChangeUndone,

    /// <summary>The owner confirmed to be there with a code.</summary>
    PresenceConfirmed,

    /// <summary>An application's access was taken away, by its giver or an administrator. Data: <c>through</c>, <c>by</c>.</summary>
    AccessRevoked,

    /// <summary>The owner ended all sessions but one.</summary>
    OtherSessionsEnded,

    /// <summary>The owner named who invited them.</summary>
    InvitationUsed,

    /// <summary>The owner downloaded all their data.</summary>
    DataDownloaded,

    /// <summary>An administrator had the wrong codes of an address forgotten. Data: <c>through</c>, <c>by</c>.</summary>
    CodesUnlocked,

    /// <summary>Somebody registered with an address whose account is owned, disabled or has roles: it stays as it was.</summary>
    RegistrationIgnored,

    /// <summary>An administrator had an address written to again. Data: <c>channel</c>, <c>through</c>, <c>by</c>.</summary>
    SuppressionLifted,
}
