using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.Account;

/// <summary>Who asks, on a page or through an application.</summary>
/// <param name="UserId">The person whose account it is; null for strangers.</param>
/// <param name="ClientId">The application; null on pages.</param>
/// <param name="Ip">Where from.</param>
/// <param name="Locale">The language of messages to who has none stored.</param>
/// <param name="Origin">This server's address as messages name it, e.g. <c>https://id.example.com</c>.</param>
public sealed record Requester(Guid? UserId, string? ClientId, string? Ip, string Locale, string Origin)
{
    /// <summary>On pages: the browser's binding secret. A challenge that it asks for is then this browser's alone, and is named by its bare id.</summary>
    public byte[]? BrowserSecret { get; init; }

    /// <summary>The application's row, for the audit log; null on pages.</summary>
    public Guid? ApplicationId { get; init; }

    /// <summary>Somebody who is signed in, on a page.</summary>
    public static Requester On(Session session, Visitor visitor) =>
        new(session.UserId, ClientId: null, visitor.Ip, visitor.Locale, visitor.Origin) { BrowserSecret = visitor.BrowserSecret };
}

/// <summary>A code that is on its way.</summary>
/// <param name="Challenge">What is to be sent back beside the code; tells nothing.</param>
/// <param name="ExpiresIn">How long the code works.</param>
/// <param name="ResendIn">When another can be asked for.</param>
/// <param name="CodeLength">Digits of the code.</param>
public sealed record CodeOnItsWay(string? Challenge, TimeSpan ExpiresIn, TimeSpan ResendIn, int CodeLength)
{
    internal static CodeOnItsWay Of(string? challenge, SignInOptions options) => new(challenge, options.CodeLifetime, options.ResendDelay, options.CodeLength);
}

/// <summary>Turns requesters into what proofs know.</summary>
internal sealed class Askers(IRegistry registry)
{
    public async Task<Asker> OfAsync(Requester requester, byte[] secret, CancellationToken cancellationToken)
    {
        var application = requester.ClientId is { } id ? await registry.FindApplicationAsync(id, cancellationToken) : null;
        return new Asker(new ChallengeHandle(Guid.Empty, secret).BrowserHash, requester.Ip, requester.Locale, requester.Origin, application?.DisplayName ?? "")
        {
            Source = SourceOf(requester, application),
            UserId = requester.UserId,
        };
    }

    public async Task<Source> SourceAsync(Requester requester, CancellationToken cancellationToken) =>
        SourceOf(requester, requester.ClientId is { } id ? await registry.FindApplicationAsync(id, cancellationToken) : null);

    // A confidential application's requests come from its server, which says nothing of where the person is.
    private static Source SourceOf(Requester requester, Application? application) =>
        new(requester.Ip, requester.ClientId) { IsServer = application?.Type == ApplicationType.Confidential };
}

/// <summary>What the page shows that asks for a code.</summary>
/// <param name="Channel">How the message travels.</param>
/// <param name="Address">Where to.</param>
/// <param name="CodeLength">Digits of the code.</param>
/// <param name="ResendAt">When another code may be asked for.</param>
/// <param name="ExpiresAt">When the newest code ends.</param>
public sealed record OwnCodeView(Channel Channel, string Address, int CodeLength, DateTimeOffset ResendAt, DateTimeOffset ExpiresAt);
