using System.Collections.Concurrent;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Testing.InMemory;

/// <summary>The ledger in memory: one lock, the same promises.</summary>
public sealed class InMemoryLedger : ILedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Token> tokens = [];
    private readonly Dictionary<Guid, Authorization> authorizations = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> consumed = new(StringComparer.Ordinal);

    /// <summary>How many writes were committed: a refused request must leave it as it was.</summary>
    public int Writes { get; private set; }

    public IReadOnlyList<Token> Tokens
    {
        get
        {
            lock (gate)
                return [.. tokens.Values];
        }
    }

    public IReadOnlyList<Authorization> Authorizations
    {
        get
        {
            lock (gate)
                return [.. authorizations.Values];
        }
    }

    /// <summary>Runs once before the next commit: what a faster request does in that moment.</summary>
    public Func<Task>? BeforeNextCommit { get; set; }

    /// <summary>Puts a row back as it once was, like a restored backup.</summary>
    public void Restore(Token token)
    {
        lock (gate)
            tokens[token.Id] = token;
    }

    public async Task<bool> CommitAsync(Issuance issuance, CancellationToken cancellationToken)
    {
        if (BeforeNextCommit is { } rival)
        {
            BeforeNextCommit = null;
            await rival();
        }

        lock (gate)
        {
            // The unique index, checked before anything changes.
            if (issuance.Tokens.Any(token => tokens.Values.Any(other => other.Reference == token.Reference)))
                throw new InvalidOperationException("A token with this reference exists.");
            if (issuance.Spend is { } spend && !TrySpend(spend))
                return false;
            if (issuance.Authorization is { } authorization)
                authorizations.Add(authorization.Id, authorization);
            foreach (var token in issuance.Tokens)
                tokens.Add(token.Id, token);
            Writes++;
            return true;
        }
    }

    public Task<Token?> FindTokenAsync(TokenKind kind, string reference, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(tokens.Values.SingleOrDefault(token => token.Kind == kind && token.Reference == reference));
    }

    public Task<Authorization?> FindAuthorizationAsync(Guid id, CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.FromResult(authorizations.GetValueOrDefault(id));
    }

    public Task<Authorization?> FindConsentAsync(Guid userId, Guid applicationId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult(authorizations.Values.SingleOrDefault(authorization =>
                authorization.Kind == AuthorizationKind.Permanent && authorization.UserId == userId
                && authorization.ApplicationId == applicationId && authorization.RevokedAt is null));
        }
    }

    public Task RevokeAuthorizationAsync(Guid id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (authorizations.TryGetValue(id, out var authorization) && authorization.RevokedAt is null)
                authorizations[id] = authorization with { RevokedAt = at };
            foreach (var token in tokens.Values.Where(token => token.AuthorizationId == id && token.Status == TokenStatus.Valid).ToList())
                tokens[token.Id] = token with { Status = TokenStatus.Revoked };
            Writes++;
        }

        return Task.CompletedTask;
    }

    public Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (tokens.TryGetValue(id, out var token) && token.Status == TokenStatus.Valid)
                tokens[id] = token with { Status = TokenStatus.Revoked };
            Writes++;
        }

        return Task.CompletedTask;
    }

    public Task<bool> ConsumeIdAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var first = consumed.TryAdd(id, expiresAt);
            Writes += first ? 1 : 0;
            return Task.FromResult(first);
        }
    }

    public Task<bool> IsConsumedAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(consumed.ContainsKey(id));

    private bool TrySpend(Spend spend)
    {
        switch (spend)
        {
            case Spend.Redeem redeem when tokens.TryGetValue(redeem.TokenId, out var token) && token.Status == TokenStatus.Valid:
                tokens[token.Id] = token with { Status = TokenStatus.Redeemed, RedeemedAt = redeem.At };
                return true;
            case Spend.Advance advance when tokens.TryGetValue(advance.TokenId, out var family)
                && family.Status == TokenStatus.Valid && family.Generation == advance.Generation:
                tokens[family.Id] = family with { Generation = advance.Generation + 1, ExpiresAt = advance.ExpiresAt };
                return true;
            default:
                return false;
        }
    }
}
