using System.Text.Json;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>What to list of the audit log.</summary>
public sealed record AuditQuery
{
    /// <summary>Only this kind.</summary>
    public AuditKind? Kind { get; init; }

    /// <summary>Only what concerns this user.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Only what this application took part in.</summary>
    public Guid? ApplicationId { get; init; }

    /// <summary>Only what came from this address, exactly.</summary>
    public string? Ip { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Rows at most.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Rows to skip.</summary>
    public int Offset { get; init; }
}

/// <summary>An entry of the audit log.</summary>
public sealed record AuditEntry(
    Guid Id, DateTimeOffset At, string Kind, Guid? UserId, Guid? ApplicationId, Guid? SessionId, string? Ip, IReadOnlyDictionary<string, string> Facts);

/// <summary>Reads the audit log for administrators.</summary>
public sealed class AuditQueries(ServerDb db)
{
    /// <summary>One part of the log, newest first.</summary>
    public async Task<Listed<AuditEntry>> ListAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        var rows = Matching(query);
        var part = await rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken);
        return new(await rows.CountAsync(cancellationToken), part.ConvertAll(Read));
    }

    internal static AuditEntry Read(AuditEvent row) => new(
        row.Id, row.At, row.Kind, row.UserId, row.ApplicationId, row.SessionId, row.Ip, JsonSerializer.Deserialize<Dictionary<string, string>>(row.Data) ?? []);

    private IQueryable<AuditEvent> Matching(AuditQuery query)
    {
        var rows = db.AuditEvents.AsNoTracking();
        if (query.Kind?.ToString() is { } kind)
            rows = rows.Where(row => row.Kind == kind);
        if (query.UserId is { } user)
            rows = rows.Where(row => row.UserId == user);
        if (query.ApplicationId is { } application)
            rows = rows.Where(row => row.ApplicationId == application);
        if (query.Ip is { } ip)
            rows = rows.Where(row => row.Ip == ip);
        if (query.From?.ToUniversalTime() is { } from)
            rows = rows.Where(row => row.At >= from);
        if (query.To?.ToUniversalTime() is { } to)
            rows = rows.Where(row => row.At < to);
        return rows;
    }
}
