using IdentityServer.Core.Persistence;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>The signed-in person.</summary>
public sealed record Me(Guid Id, string? Name, string? Email, bool EmailVerified, string? Phone, bool PhoneVerified, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt);

/// <summary>Who am I: the page <c>/account</c>. Sessions are <see cref="Users.Sessions"/>'s.</summary>
public sealed class AccountOverview(ServerDb db)
{
    /// <summary>The person behind the session.</summary>
    /// <exception cref="InvalidOperationException">The account was deleted since the session was read.</exception>
    public Task<Me> ReadAsync(Session session, CancellationToken cancellationToken) =>
        db.Users.AsNoTracking()
            .Where(user => user.Id == session.UserId)
            .Select(user => new Me(
                user.Id, user.Name, user.Email, user.EmailConfirmed, user.PhoneNumber, user.PhoneNumberConfirmed, user.CreatedAt, user.LastSignInAt))
            .SingleAsync(cancellationToken);
}
