using IdentityServer.Core.Administration;
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
    UserQueries queries,
    UserAdministration administration,
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
            else if (problems.Count == 0 && await RolesProblemAsync(address, user, cancellationToken) is { } wrong)
                problems.Add($"Users:{address}:Roles: {wrong}");
        }

        if (problems.Count > 0)
            throw new SettingsException(problems);
    }

    /// <summary>What is declared: the API leaves it alone.</summary>
    public static DeclaredNames Names(IConfiguration configuration) => new(
        Declared<DeclaredApplication>(configuration, "Applications").Keys.ToHashSet(StringComparer.Ordinal),
        Declared<DeclaredScope>(configuration, "Scopes").Keys.ToHashSet(StringComparer.Ordinal));

    /// <summary>What is wrong with the declared applications and scopes, as far as it can be seen without the database.</summary>
    public static IEnumerable<string> Problems(IConfiguration configuration)
    {
        var (scopes, applications) = Read(configuration, () => Guid.Empty);
        return RegistryWriter.Problems(scopes, applications)
            .Concat(Declared<DeclaredApplication>(configuration, "Applications")
                .Where(pair => pair.Value.Secrets.Any(secret => secret.Length < ShortestSecret))
                .Select(pair => $"Applications:{pair.Key}:Secrets: a secret needs at least {ShortestSecret} characters; make one with: openssl rand -base64 32"));
    }

    private async Task<string?> RolesProblemAsync(string address, DeclaredUser user, CancellationToken cancellationToken)
    {
        if (user.Roles.Count == 0)
            return null;
        if (user.Roles.Any(role => role != RoleNames.Admin))
            return $"the one role is {RoleNames.Admin}.";

        var id = await queries.FindIdAsync(Address.Parse(address)!, cancellationToken);
        if (id is { } known && !await queries.HasRoleAsync(known, RoleNames.Admin, cancellationToken))
            await administration.SetRolesAsync(known, [RoleNames.Admin], new Operator(UserId: null, "configuration"), cancellationToken);
        return null;
    }

    internal static (List<Scope> Scopes, List<Application> Applications) Read(IConfiguration configuration, Func<Guid> newId) =>
        ([.. Declared<DeclaredScope>(configuration, "Scopes").Select(pair => pair.Value.ToScope(pair.Key))],
            [.. Declared<DeclaredApplication>(configuration, "Applications").Select(pair => pair.Value.ToApplication(pair.Key, newId()))]);

    internal static Dictionary<string, T> Declared<T>(IConfiguration configuration, string section) =>
        configuration.GetSection(section).Get<Dictionary<string, T>>() ?? [];
}
