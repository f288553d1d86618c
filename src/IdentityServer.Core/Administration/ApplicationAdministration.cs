using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Grants;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>An application as administrators see it.</summary>
/// <param name="Application">Without its secrets.</param>
/// <param name="Secrets">Its secrets' traces, oldest first.</param>
/// <param name="IsDeclared">Configuration declares it: it cannot be changed elsewhere.</param>
public sealed record ApplicationView(Application Application, IReadOnlyList<ApplicationSecretRow> Secrets, bool IsDeclared)
{
    /// <summary>Changes with the application, not with its secrets.</summary>
    public string Version => ApplicationAdministration.VersionOf(Application);
}

/// <summary>A secret that was just made: shown this once.</summary>
/// <param name="Id">The row.</param>
/// <param name="Value">256 random bits in base64url.</param>
/// <param name="ExpiresAt">When it stops working; never when null.</param>
public sealed record NewSecret(Guid Id, string Value, DateTimeOffset? ExpiresAt);

/// <summary>Registers, changes and removes applications for administrators. Each change is written down with who made it.</summary>
public sealed class ApplicationAdministration(
    ServerDb db, RegistryWriter writer, DeclaredNames declared, IEnumerable<IGrant> grants, TimeProvider time)
{
    /// <summary>The most secrets that an application may have at a time.</summary>
    public const int MostSecrets = 5;

    private static readonly RegistryChange.Done Done = new();

    /// <summary>One part of the list, in the order of client ids; <paramref name="search"/> is part of a client id or name.</summary>
    public async Task<Listed<ApplicationView>> ListAsync(string? search, int limit, int offset, CancellationToken cancellationToken)
    {
        // An administrator registers them by hand: there are few.
        var all = await db.Applications.AsNoTracking().ToListAsync(cancellationToken);
        var found = all
            .Where(row => string.IsNullOrWhiteSpace(search)
                || row.ClientId.Contains(search.Trim(), StringComparison.OrdinalIgnoreCase) || row.DisplayName.Contains(search.Trim(), StringComparison.OrdinalIgnoreCase))
            .OrderBy(row => row.ClientId, StringComparer.Ordinal).ToList();
        var part = found.Skip(offset).Take(limit).ToList();
        var ids = part.ConvertAll(row => row.Id);
        var secrets = (await db.ApplicationSecrets.AsNoTracking().Where(row => ids.Contains(row.ApplicationId)).ToListAsync(cancellationToken)).ToLookup(row => row.ApplicationId);
        return new(found.Count, part.ConvertAll(row => View(row, secrets[row.Id])));
    }

    /// <summary>The application; null when there is none.</summary>
    public async Task<ApplicationView?> FindAsync(string clientId, CancellationToken cancellationToken)
    {
        var row = await db.Applications.AsNoTracking().SingleOrDefaultAsync(application => application.ClientId == clientId, cancellationToken);
        return row is null ? null : View(row, await db.ApplicationSecrets.AsNoTracking().Where(secret => secret.ApplicationId == row.Id).ToListAsync(cancellationToken));
    }

    /// <summary>Registers an application; a confidential one gets its first secret. Its id and secrets are not the caller's to choose.</summary>
    public async Task<(RegistryChange Change, NewSecret? Secret)> AddAsync(Application application, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var secret = application.Type == ApplicationType.Confidential ? NewSecretAt(now, expiresAt: null) : null;
        application = application with { Id = Guid.CreateVersion7(now), Secrets = secret is null ? [] : [new(HashOf(secret.Value), null)] };
        var change = await ChangeAsync(
            application.ClientId,
            async (changing, existing) =>
            {
                if (existing is not null)
                    return new RegistryChange.Refused("There is an application with this client_id already: choose another.");
                if (await ProblemsAsync(changing, application, cancellationToken) is { Count: > 0 } problems)
                    return new RegistryChange.Invalid(problems);

                changing.Add(application);
                if (secret is not null)
                    changing.Add(Row(application.Id, secret, now));
                Write(changing, AuditKind.ApplicationChanged, application, "added", by, now);
                return Done;
            },
            cancellationToken);
        return (change, change is RegistryChange.Done ? secret : null);
    }

    /// <summary>Changes an application; its secrets stay as they are.</summary>
    /// <param name="clientId">Which.</param>
    /// <param name="version">The version that the caller read; null: any.</param>
    /// <param name="edit">Gives the application as it is to be.</param>
    /// <param name="by">Who.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public Task<RegistryChange> EditAsync(string clientId, string? version, Func<Application, Application> edit, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        clientId,
        async (changing, existing) =>
        {
            if (existing is null)
                return new RegistryChange.NotFound();
            if (version is not null && version != VersionOf(existing))
                return new RegistryChange.Stale();

            var secrets = await changing.ApplicationSecrets.AsNoTracking().Where(row => row.ApplicationId == existing.Id).ToListAsync(cancellationToken);
            var wanted = edit(existing) with { Id = existing.Id, ClientId = existing.ClientId, Secrets = secrets.ConvertAll(row => new ApplicationSecret(row.Hash, row.ExpiresAt)) };
            if (await ProblemsAsync(changing, wanted, cancellationToken) is { Count: > 0 } problems)
                return new RegistryChange.Invalid(problems);

            changing.Entry(existing).CurrentValues.SetValues(wanted);
            Write(changing, AuditKind.ApplicationChanged, existing, "changed", by, time.GetUtcNow());
            return Done;
        },
        cancellationToken);

    /// <summary>Removes an application with its secrets, authorizations and tokens.</summary>
    public Task<RegistryChange> RemoveAsync(string clientId, string? version, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        clientId,
        async (changing, existing) =>
        {
            if (existing is null)
                return new RegistryChange.NotFound();
            if (version is not null && version != VersionOf(existing))
                return new RegistryChange.Stale();

            await RegistryWriter.RemoveAsync(changing, existing, cancellationToken);
            Write(changing, AuditKind.ApplicationChanged, existing, "removed", by, time.GetUtcNow());
            return Done;
        },
        cancellationToken);

    /// <summary>Adds a secret beside those that are there, so that applications can go over to it one by one.</summary>
    public Task<(RegistryChange Change, NewSecret? Secret)> AddSecretAsync(string clientId, DateTimeOffset? expiresAt, Operator by, CancellationToken cancellationToken) =>
        expiresAt <= time.GetUtcNow()
            ? Task.FromResult<(RegistryChange, NewSecret?)>((new RegistryChange.Invalid(["ExpiresAt must be in the future."]), null))
            : AddSecretAsync(clientId, expiresAt, end: null, "added", by, cancellationToken);

    /// <summary>Adds a secret; those until now end after <paramref name="keepOld"/>, at once when it is zero. An earlier end is not put off.</summary>
    public Task<(RegistryChange Change, NewSecret? Secret)> RotateSecretAsync(string clientId, TimeSpan keepOld, Operator by, CancellationToken cancellationToken) =>
        AddSecretAsync(clientId, expiresAt: null, time.GetUtcNow() + keepOld, "rotated", by, cancellationToken);

    /// <summary>Removes a secret at once; not the last one that works.</summary>
    public Task<RegistryChange> RemoveSecretAsync(string clientId, Guid secretId, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        clientId,
        async (changing, existing) =>
        {
            var now = time.GetUtcNow();
            var rows = existing is null ? [] : await changing.ApplicationSecrets.Where(row => row.ApplicationId == existing.Id).ToListAsync(cancellationToken);
            if (rows.Find(row => row.Id == secretId) is not { } removed)
                return new RegistryChange.NotFound();
            if (!rows.Exists(row => row != removed && (row.ExpiresAt is null || row.ExpiresAt > now)))
                return new RegistryChange.Refused("It is the last secret that works: add another first, or remove the application.");

            changing.Remove(removed);
            Write(changing, AuditKind.SecretChanged, existing!, "removed", by, now);
            return Done;
        },
        cancellationToken);

    /// <summary>A hash of everything but the secrets.</summary>
    internal static string VersionOf(Application application) =>
        Base64Url.EncodeToString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(application with { Secrets = [] })).AsSpan(0, 12));

    // end: when those that are there end at the latest; null: they stay as they are.
    private async Task<(RegistryChange Change, NewSecret? Secret)> AddSecretAsync(
        string clientId, DateTimeOffset? expiresAt, DateTimeOffset? end, string what, Operator by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var secret = NewSecretAt(now, expiresAt);
        var change = await ChangeAsync(
            clientId,
            async (changing, existing) =>
            {
                if (existing is null)
                    return new RegistryChange.NotFound();
                if (existing.Type == ApplicationType.Public)
                    return new RegistryChange.Refused("A public application runs on its users' machines and cannot keep a secret.");

                var rows = await changing.ApplicationSecrets.Where(row => row.ApplicationId == existing.Id).ToListAsync(cancellationToken);
                foreach (var row in rows.Where(row => end is not null && (row.ExpiresAt is null || row.ExpiresAt > end)))
                    row.ExpiresAt = end;
                var over = rows.FindAll(row => row.ExpiresAt <= now);
                if (rows.Count - over.Count >= MostSecrets)
                    return new RegistryChange.Refused($"It has {MostSecrets} secrets: remove one that is not used any more.");

                changing.RemoveRange(over);
                changing.Add(Row(existing.Id, secret, now));
                Write(changing, AuditKind.SecretChanged, existing, what, by, now);
                return Done;
            },
            cancellationToken);
        return (change, change is RegistryChange.Done ? secret : null);
    }

    private async Task<RegistryChange> ChangeAsync(
        string clientId, Func<ServerDb, Application?, Task<RegistryChange>> change, CancellationToken cancellationToken)
    {
        if (declared.Applications.Contains(clientId))
            return new RegistryChange.Refused($"Configuration declares this application, and the next start would undo the change: change Applications:{clientId} there.");

        RegistryChange outcome = Done;
        await writer.ChangeAsync(
            async changing =>
            {
                outcome = await change(changing, await changing.Applications.SingleOrDefaultAsync(row => row.ClientId == clientId, cancellationToken));
                return outcome is RegistryChange.Done ? [] : ["Nothing is written."];
            },
            cancellationToken);
        return outcome;
    }

    private async Task<List<string>> ProblemsAsync(ServerDb changing, Application application, CancellationToken cancellationToken)
    {
        var scopes = await changing.Scopes.Select(scope => scope.Name).ToListAsync(cancellationToken);
        var known = grants.Select(grant => grant.GrantType).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. RegistryWriter.Problems([], [application]),
            .. RegistryRules.UnknownScopes(application, scopes.ToHashSet(StringComparer.Ordinal)),
            .. application.GrantTypes.Where(grant => !string.IsNullOrWhiteSpace(grant) && !known.Contains(grant))
                .Select(grant => $"Application \"{application.ClientId}\": GrantTypes: there is no grant type \"{grant}\"; there are {string.Join(", ", known)}."),
        ];
    }

    private ApplicationView View(Application application, IEnumerable<ApplicationSecretRow> secrets) =>
        new(application, [.. secrets.OrderBy(secret => secret.CreatedAt).ThenBy(secret => secret.Id)], declared.Applications.Contains(application.ClientId));

    private static NewSecret NewSecretAt(DateTimeOffset now, DateTimeOffset? expiresAt) =>
        new(Guid.CreateVersion7(now), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)), expiresAt);

    private static ApplicationSecretRow Row(Guid applicationId, NewSecret secret, DateTimeOffset now) => new()
    {
        Id = secret.Id,
        ApplicationId = applicationId,
        Hash = HashOf(secret.Value),
        CreatedAt = now,
        ExpiresAt = secret.ExpiresAt,
    };

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static void Write(ServerDb changing, AuditKind kind, Application application, string change, Operator by, DateTimeOffset now)
    {
        var facts = UserAdministration.Facts(by);
        facts["application"] = application.ClientId;
        facts["change"] = change;
        AuditLog.Add(changing, kind, now, new AuditSubject(ApplicationId: by.ApplicationId, Ip: by.Ip), facts);
    }
}
