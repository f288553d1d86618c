using System.Collections.Concurrent;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Testing.InMemory;

/// <summary>Users that a test wrote down.</summary>
public sealed class InMemorySubjects : ISubjects
{
    public ConcurrentDictionary<Guid, Subject> Users { get; } = new();

    public Task<Subject?> FindAsync(Guid userId, CancellationToken cancellationToken) => Task.FromResult(Users.GetValueOrDefault(userId));
}

/// <summary>Sessions by a cookie <c>session</c> that holds the id in the clear: fit for tests only.</summary>
public sealed class InMemorySessions : ISessions
{
    public ConcurrentDictionary<Guid, Session> Live { get; } = new();

    public ValueTask<Session?> CurrentAsync(HttpContext context) =>
        ValueTask.FromResult(Guid.TryParse(context.Request.Cookies["session"], out var id) ? Live.GetValueOrDefault(id) : null);

    public Task<bool> IsLiveAsync(Guid sessionId, CancellationToken cancellationToken) => Task.FromResult(Live.ContainsKey(sessionId));

    public Task EndAsync(HttpContext context, Session session)
    {
        Live.TryRemove(session.Id, out _);
        context.Response.Cookies.Delete("session");
        return Task.CompletedTask;
    }
}

/// <summary>Pages that are nothing but their path.</summary>
public sealed class InMemoryInteraction : IInteraction
{
    public string PathFor(Interaction step, string? request) =>
        $"/page/{step}" + (request is null ? "" : $"?request={Uri.EscapeDataString(request)}");
}
