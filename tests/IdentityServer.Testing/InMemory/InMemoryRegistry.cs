using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;

namespace IdentityServer.Testing.InMemory;

/// <summary>Applications and scopes that a test wrote down.</summary>
public sealed class InMemoryRegistry : IRegistry
{
    private readonly Dictionary<string, Application> applications = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Scope> scopes = new(StringComparer.Ordinal);

    public void Put(Application application) => applications[application.ClientId] = application;

    public void Remove(string clientId) => applications.Remove(clientId);

    public void Put(Scope scope) => scopes[scope.Name] = scope;

    public ValueTask<Application?> FindApplicationAsync(string clientId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(applications.GetValueOrDefault(clientId));

    public ValueTask<Application?> FindApplicationAsync(Guid id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(applications.Values.SingleOrDefault(application => application.Id == id));

    public ValueTask<IReadOnlyDictionary<string, Scope>> ScopesAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, Scope>>(scopes);

    public ValueTask<bool> IsOriginRegisteredAsync(string origin, CancellationToken cancellationToken) =>
        ValueTask.FromResult(applications.Values.Any(application => RedirectUris.Origins(application).Contains(origin, StringComparer.Ordinal)));
}
