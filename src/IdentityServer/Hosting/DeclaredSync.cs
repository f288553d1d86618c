using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;

namespace IdentityServer.Hosting;

/// <summary>
/// Writes the applications, scopes and users that configuration declares: adds what is missing, changes what differs, and leaves alone
/// what is not declared. All problems are told at once, and then nothing is written.
/// </summary>
internal sealed class DeclaredSync(
    IConfiguration configuration,
    RegistryWriter registry,
    UserDirectory users,
    TimeProvider time)
{
    /// <exception cref="SettingsException">Something that is declared is wrong.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var scopes = Declared<DeclaredScope>("Scopes").Select(pair => pair.Value.ToScope(pair.Key)).ToList();
        var applications = Declared<DeclaredApplication>("Applications")
            .Select(pair => pair.Value.ToApplication(pair.Key, Guid.CreateVersion7(time.GetUtcNow()))).ToList();
        var problems = Declared<DeclaredApplication>("Applications")
            .SelectMany(pair => pair.Value.Secrets.Where(secret => secret.Length < 32)
                .Select(_ => $"Applications:{pair.Key}:Secrets: a secret needs at least 32 characters; make one with: openssl rand -base64 32"))
            .ToList();

        await registry.SeedAsync(cancellationToken);
        if (problems.Count == 0)
            problems.AddRange(await registry.PutAsync(scopes, applications, cancellationToken));
        foreach (var (address, user) in Declared<DeclaredUser>("Users"))
        {
            if (problems.Count == 0 && await users.PutAsync(address, user.Name, user.Disabled, user.Phone, cancellationToken) is { } problem)
                problems.Add($"Users:{address}: {problem}");
        }

        if (problems.Count > 0)
            throw new SettingsException(problems);
    }

    private Dictionary<string, T> Declared<T>(string section) => configuration.GetSection(section).Get<Dictionary<string, T>>() ?? [];
}
