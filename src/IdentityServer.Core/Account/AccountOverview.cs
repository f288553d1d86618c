using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.Account;

/// <summary>The signed-in person.</summary>
public sealed record Me(Guid Id, string? Name, string? Email, bool EmailVerified, string? Phone, bool PhoneVerified, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt);

/// <summary>Who am I.</summary>
public sealed class AccountOverview
{
    /// <summary>The person behind the session.</summary>
    public Task<Me> ReadAsync(Session session, CancellationToken cancellationToken) => throw new InvalidOperationException("not yet");
}
