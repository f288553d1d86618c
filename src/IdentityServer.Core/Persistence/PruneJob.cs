using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// Deletes what nothing needs any more, in batches on an index, until a batch is short. Safe to run on several instances at once: PostgreSQL skips rows
/// that another holds, SQLite lets one write at a time.
/// </summary>
public sealed class PruneJob(IDbContextFactory<ServerDb> databases, IOptions<PruneOptions> options, TimeProvider time)
{
    /// <summary>Prunes every table.</summary>
    /// <returns>How many rows were deleted.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var longest = await db.Applications.Select(application => application.AccessTokenLifetime).ToListAsync(cancellationToken);
        var retention = longest.Append(options.Value.Retention).Max();
        var cutoff = now - retention;

        var deleted = await BatchesAsync(db, "Tokens", "Id", "ExpiresAt", cutoff, cancellationToken);
        deleted += await BatchesAsync(db, "Challenges", "Id", "ExpiresAt", cutoff, cancellationToken);
        deleted += await BatchesAsync(db, "ConsumedIds", "Hash", "ExpiresAt", now, cancellationToken);
        deleted += await BatchesAsync(db, "Messages", "Id", "ExpiresAt", now - options.Value.MessageRetention, cancellationToken);
        deleted += await BatchesAsync(db, "Counters", "Key", "ExpiresAt", now, cancellationToken);
        deleted += await BatchesAsync(db, "Suppressions", "Hash", "ExpiresAt", now, cancellationToken);
        deleted += await BatchesAsync(db, "AddressChanges", "Id", "ExpiresAt", now, cancellationToken);
        deleted += await BatchesAsync(db, "AuditEvents", "Id", "At", now - options.Value.AuditRetention, cancellationToken);
        deleted += await BatchesAsync(db, UnactivatedSql(db), [now - options.Value.UnactivatedRetention, now], cancellationToken);

        // In this order: an authorization stays for its tokens, a session for its authorizations.
        deleted += await AuthorizationsAsync(db, cutoff, cancellationToken);
        deleted += await SessionsAsync(db, cutoff, cancellationToken);
        return deleted;
    }

    /// <summary>The statement that deletes one batch; its parameters are the cutoff and the batch's size.</summary>
    internal static string BatchSql(ServerDb db, string table, string key, string column)
    {
        var skipLocked = db.Database.IsNpgsql() ? " FOR UPDATE SKIP LOCKED" : "";
        return $$"""
            DELETE FROM "{{table}}" WHERE "{{key}}" IN (
            SELECT "{{key}}" FROM "{{table}}" WHERE "{{column}}" < {0} ORDER BY "{{column}}" LIMIT {1}{{skipLocked}})
            """;
    }

    /// <summary>
    /// The same for accounts that were registered and never activated (see <see cref="User.RegisteredAt"/>); one more parameter is the present. The
    /// conditions hold when the row is locked: who activates at this moment was faster, or finds no account. Whose code is on its way may still use it.
    /// </summary>
    internal static string UnactivatedSql(ServerDb db)
    {
        var skipLocked = db.Database.IsNpgsql() ? " FOR UPDATE SKIP LOCKED" : "";
        return $$"""
            DELETE FROM "Users" WHERE "Id" IN (
            SELECT "Id" FROM "Users" WHERE "RegisteredAt" < {0} AND NOT "EmailConfirmed" AND NOT "PhoneNumberConfirmed" AND NOT EXISTS (
            SELECT 1 FROM "Challenges" WHERE "Challenges"."UserId" = "Users"."Id" AND "Challenges"."Purpose" = 'Registration' AND "Challenges"."ExpiresAt" > {2})
            ORDER BY "RegisteredAt" LIMIT {1}{{skipLocked}})
            """;
    }

    private Task<long> BatchesAsync(ServerDb db, string table, string key, string column, DateTimeOffset cutoff, CancellationToken cancellationToken) =>
        BatchesAsync(db, BatchSql(db, table, key, column), [cutoff], cancellationToken);

    private Task<long> BatchesAsync(ServerDb db, string sql, IEnumerable<DateTimeOffset> times, CancellationToken cancellationToken)
    {
        List<object> values = [.. times.Select(time => db.Database.IsNpgsql() ? time : (object)time.UtcTicks)];
        values.Insert(1, options.Value.BatchSize);
        return UntilShortAsync(() => db.Database.ExecuteSqlRawAsync(sql, values, cancellationToken));
    }

    private async Task<long> AuthorizationsAsync(ServerDb db, DateTimeOffset cutoff, CancellationToken cancellationToken)
    {
        // Consent that was taken back.
        var deleted = await UntilShortAsync(() => db.Authorizations
            .Where(row => row.Kind == AuthorizationKind.Permanent && row.RevokedAt < cutoff)
            .OrderBy(row => row.RevokedAt)
            .Take(options.Value.BatchSize)
            .ExecuteDeleteAsync(cancellationToken));

        // A sign-in that left no token. What it bought as JWT has ended too: it was bought before the last token ended, one retention ago.
        return deleted + await WalkAsync(
            from => db.Authorizations
                .Where(row => row.Kind == AuthorizationKind.AdHoc && row.GrantedAt < cutoff && row.GrantedAt >= from)
                .OrderBy(row => row.GrantedAt).ThenBy(row => row.Id)
                .Select(row => new Candidate(row.Id, row.GrantedAt, !db.Tokens.Any(token => token.AuthorizationId == row.Id))),
            ids => db.Authorizations
                .Where(row => ids.Contains(row.Id) && !db.Tokens.Any(token => token.AuthorizationId == row.Id))
                .ExecuteDeleteAsync(cancellationToken),
            cancellationToken);
    }

    // An expired session stays while sign-ins hang on it: their refresh families have a life of their own, and ask whether it was ended.
    private Task<long> SessionsAsync(ServerDb db, DateTimeOffset cutoff, CancellationToken cancellationToken) => WalkAsync(
        from => db.Sessions
            .Where(row => row.ExpiresAt < cutoff && row.ExpiresAt >= from)
            .OrderBy(row => row.ExpiresAt).ThenBy(row => row.Id)
            .Select(row => new Candidate(
                row.Id,
                row.ExpiresAt,
                !db.Authorizations.Any(other => other.SessionId == row.Id && other.Kind == AuthorizationKind.AdHoc && other.RevokedAt == null))),
        ids => db.Sessions.Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken),
        cancellationToken);

    private async Task<long> UntilShortAsync(Func<Task<int>> batch)
    {
        var deleted = 0L;
        while (true)
        {
            var count = await batch();
            deleted += count;
            if (count < options.Value.BatchSize)
                return deleted;
        }
    }

    // Reads candidates in order, deletes the unused among them, and goes on after the last: rows that stay are read once a run.
    private async Task<long> WalkAsync(
        Func<DateTimeOffset, IQueryable<Candidate>> after,
        Func<List<Guid>, Task<int>> delete,
        CancellationToken cancellationToken)
    {
        var deleted = 0L;
        var from = DateTimeOffset.UnixEpoch;
        var stayed = 0;
        while (true)
        {
            var batch = await after(from).Skip(stayed).Take(options.Value.BatchSize).ToListAsync(cancellationToken);
            var unused = batch.Where(row => row.Unused).Select(row => row.Id).ToList();
            if (unused.Count > 0)
                deleted += await delete(unused);
            if (batch.Count < options.Value.BatchSize)
                return deleted;

            var last = batch[^1].At;
            stayed = (last == from ? stayed : 0) + batch.Count(row => row.At == last && !row.Unused);
            from = last;
        }
    }

    private sealed record Candidate(Guid Id, DateTimeOffset At, bool Unused);
}
