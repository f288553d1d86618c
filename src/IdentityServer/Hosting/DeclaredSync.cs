using IdentityServer.Core.Persistence;
using IdentityServer.Core.Users;
using IdentityServer.Protocol.Model;

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
    private const int ShortestSecret = 32;

    /// <exception cref="SettingsException">Something that is declared is wrong.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (scopes, applications) = Read(configuration, () => Guid.CreateVersion7(time.GetUtcNow()));
        await registry.SeedAsync(cancellationToken);
        var problems = new List<string>(await registry.PutAsync(scopes, applications, cancellationToken));
        foreach (var (address, user) in Declared<DeclaredUser>(configuration, "Users"))
        {
            if (problems.Count == 0 && await users.PutAsync(address, user.Name, user.Disabled, user.Phone, cancellationToken) is { } problem)
                problems.Add($"Users:{address}: {problem}");
        }

        if (problems.Count > 0)
            throw new SettingsException(problems);
    }

    /// <summary>What is wrong with the declared applications and scopes, as far as it can be seen without the database.</summary>
    public static IEnumerable<string> Problems(IConfiguration configuration)
    {
        var (scopes, applications) = Read(configuration, () => Guid.Empty);
        return RegistryWriter.Problems(scopes, applications)
            .Concat(Declared<DeclaredApplication>(configuration, "Applications")
                .Where(pair => pair.Value.Secrets.Any(secret => secret.Length < ShortestSecret))
                .Select(pair => $"Applications:{pair.Key}:Secrets: a secret needs at least {ShortestSecret} characters; make one with: openssl rand -base64 32"));
    }

    internal static (List<Scope> Scopes, List<Application> Applications) Read(IConfiguration configuration, Func<Guid> newId) =>
        ([.. Declared<DeclaredScope>(configuration, "Scopes").Select(pair => pair.Value.ToScope(pair.Key))],
            [.. Declared<DeclaredApplication>(configuration, "Applications").Select(pair => pair.Value.ToApplication(pair.Key, newId()))]);

    internal static Dictionary<string, T> Declared<T>(IConfiguration configuration, string section) =>
        configuration.GetSection(section).Get<Dictionary<string, T>>() ?? [];
}
