using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Administration;

/// <summary>A scope as administrators see it.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="IsBuiltIn">The server itself needs it: it cannot be changed.</param>
/// <param name="IsDeclared">Configuration declares it: it cannot be changed elsewhere.</param>
public sealed record ScopeView(Scope Scope, bool IsBuiltIn, bool IsDeclared)
{
    /// <summary>Changes with the scope.</summary>
    public string Version => ScopeAdministration.VersionOf(Scope);
}

/// <summary>Adds, changes and removes scopes for administrators. Each change is written down with who made it.</summary>
public sealed class ScopeAdministration(ServerDb db, RegistryWriter writer, DeclaredNames declared, TimeProvider time)
{
    private static readonly RegistryChange.Done Done = new();

    /// <summary>One part of the list, in the order of names; <paramref name="search"/> is part of a name.</summary>
    public async Task<Listed<ScopeView>> ListAsync(string? search, int limit, int offset, CancellationToken cancellationToken)
    {
        var all = await db.Scopes.AsNoTracking().ToListAsync(cancellationToken);
        var found = all
            .Where(scope => string.IsNullOrWhiteSpace(search)
                || scope.Name.Contains(search.Trim(), StringComparison.OrdinalIgnoreCase)
                || scope.DisplayName?.Contains(search.Trim(), StringComparison.OrdinalIgnoreCase) == true)
            .OrderBy(scope => scope.Name, StringComparer.Ordinal).ToList();
        return new(found.Count, [.. found.Skip(offset).Take(limit).Select(View)]);
    }

    /// <summary>The scope; null when there is none.</summary>
    public async Task<ScopeView?> FindAsync(string name, CancellationToken cancellationToken) =>
        await db.Scopes.AsNoTracking().SingleOrDefaultAsync(scope => scope.Name == name, cancellationToken) is { } found ? View(found) : null;

    /// <summary>Adds a scope.</summary>
    public Task<RegistryChange> AddAsync(Scope scope, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        scope.Name,
        (changing, existing) =>
        {
            if (existing is not null)
                return Task.FromResult<RegistryChange>(new RegistryChange.Refused("There is a scope of this name already: choose another."));
            if (RegistryRules.Problems(scope).ToList() is { Count: > 0 } problems)
                return Task.FromResult<RegistryChange>(new RegistryChange.Invalid(problems));

            changing.Add(scope);
            Write(changing, scope.Name, "added", by);
            return Task.FromResult<RegistryChange>(Done);
        },
        cancellationToken);

    /// <summary>Changes a scope; its name stays.</summary>
    public Task<RegistryChange> EditAsync(string name, string? version, Func<Scope, Scope> edit, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        name,
        (changing, existing) =>
        {
            if (existing is null)
                return Task.FromResult<RegistryChange>(new RegistryChange.NotFound());
            if (version is not null && version != VersionOf(existing))
                return Task.FromResult<RegistryChange>(new RegistryChange.Stale());

            var wanted = edit(existing) with { Name = existing.Name };
            if (RegistryRules.Problems(wanted).ToList() is { Count: > 0 } problems)
                return Task.FromResult<RegistryChange>(new RegistryChange.Invalid(problems));

            changing.Entry(existing).CurrentValues.SetValues(wanted);
            Write(changing, name, "changed", by);
            return Task.FromResult<RegistryChange>(Done);
        },
        cancellationToken);

    /// <summary>Removes a scope that no application may ask for.</summary>
    public Task<RegistryChange> RemoveAsync(string name, string? version, Operator by, CancellationToken cancellationToken) => ChangeAsync(
        name,
        async (changing, existing) =>
        {
            if (existing is null)
                return new RegistryChange.NotFound();
            if (version is not null && version != VersionOf(existing))
                return new RegistryChange.Stale();

            var applications = await changing.Applications.AsNoTracking().ToListAsync(cancellationToken);
            if (applications.FindAll(application => application.Scopes.Contains(name, StringComparer.Ordinal)).ConvertAll(application => application.ClientId) is { Count: > 0 } users)
                return new RegistryChange.Refused($"Applications may ask for it: take it from {string.Join(", ", users.Order(StringComparer.Ordinal).Take(5))} first.");

            changing.Remove(existing);
            Write(changing, name, "removed", by);
            return Done;
        },
        cancellationToken);

    internal static string VersionOf(Scope scope) => Base64Url.EncodeToString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(scope)).AsSpan(0, 12));

    private async Task<RegistryChange> ChangeAsync(string name, Func<ServerDb, Scope?, Task<RegistryChange>> change, CancellationToken cancellationToken)
    {
        if (RegistryWriter.IsBuiltIn(name))
            return new RegistryChange.Refused("The server itself needs this scope: it stays as it is.");
        if (declared.Scopes.Contains(name))
            return new RegistryChange.Refused($"Configuration declares this scope, and the next start would undo the change: change Scopes:{name} there.");

        RegistryChange outcome = Done;
        await writer.ChangeAsync(
            async changing =>
            {
                outcome = await change(changing, await changing.Scopes.SingleOrDefaultAsync(row => row.Name == name, cancellationToken));
                return outcome is RegistryChange.Done ? [] : ["Nothing is written."];
            },
            cancellationToken);
        return outcome;
    }

    private ScopeView View(Scope scope) => new(scope, RegistryWriter.IsBuiltIn(scope.Name), declared.Scopes.Contains(scope.Name));

    private void Write(ServerDb changing, string name, string change, Operator by)
    {
        var facts = UserAdministration.Facts(by);
        facts["scope"] = name;
        facts["change"] = change;
        AuditLog.Add(changing, AuditKind.ScopeChanged, time.GetUtcNow(), new AuditSubject(ApplicationId: by.ApplicationId, Ip: by.Ip), facts);
    }
}
