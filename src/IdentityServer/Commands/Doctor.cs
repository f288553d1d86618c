using System.Data.Common;
using System.Globalization;
using IdentityServer.Core;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Hosting;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityServer.Commands;

/// <summary>
/// <c>doctor</c>: one line a check, with what to do. Changes nothing. Settings that stop the start are found before it runs: then they are all
/// that is printed.
/// </summary>
internal sealed class Doctor(IServiceProvider services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    private readonly List<(Mark Mark, string Check, string Text)> lines = [];

    private enum Mark
    {
        Ok,
        Note,
        Fail,
    }

    public static ServerCommand Command(CommandFrame frame) => frame.OnServer(
        "doctor",
        "Look for what is wrong with configuration, database, keys and senders; changes nothing.",
        "doctor --json",
        (services, _, cancellationToken) => RunAsync(services, cancellationToken));

    private static async Task<CommandResult> RunAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var doctor = new Doctor(services);
        await doctor.LookAsync(cancellationToken);
        var text = string.Join(Environment.NewLine, doctor.lines.Select(line => $"{line.Mark.ToString().ToLowerInvariant(),-5} {line.Check,-14} {line.Text}"));
        var data = doctor.lines.ConvertAll(line => new { line.Mark, line.Check, line.Text });
        return new CommandResult(text, data, doctor.lines.Exists(line => line.Mark == Mark.Fail) ? ExitCodes.Act : ExitCodes.Done);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var sections = services.GetServices<SettingsSection>().Count();
        Add(Mark.Ok, "configuration", $"{sections} sections make sense; environment {services.GetRequiredService<IHostEnvironment>().EnvironmentName}");
        var isReady = await DatabaseAsync(cancellationToken);
        await ApplicationsAsync(isReady, cancellationToken);
        LookAtProxies();
        var hasMasterKey = LookAtMasterKey();
        if (isReady)
        {
            await ClockAsync(cancellationToken);
            if (hasMasterKey)
                await SigningKeysAsync(cancellationToken);
            foreach (var reason in await services.GetRequiredService<SmsStops>().FindAsync(cancellationToken))
                Add(Mark.Fail, "text messages", reason);
        }

        foreach (var sender in services.GetRequiredService<Senders>().All)
            await SenderAsync(sender, cancellationToken);
    }

    private async Task<bool> DatabaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pending = await services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken);
            var provider = services.GetRequiredService<IOptions<DatabaseOptions>>().Value.Provider;
            var migratesItself = services.GetRequiredService<IHostEnvironment>().IsDevelopment();
            if (pending.Count == 0)
                Add(Mark.Ok, "database", $"{provider} answers, no migration is pending");
            else
                Add(migratesItself ? Mark.Note : Mark.Fail, "database", $"{pending.Count} migration(s) pending: make a backup, then run \"dotnet IdentityServer.dll migrate\"");
            return pending.Count == 0;
        }
        catch (DatabaseNotReadyException exception)
        {
            Add(Mark.Fail, "database", exception.Message);
            return false;
        }
    }

    // RFC 8252 §8.6: "the authorization server SHOULD NOT process authorization requests automatically without user consent or interaction, except when the
    // identity of the client can be assured." Any app may listen on loopback, and claim a scheme of its own.
    private async Task ApplicationsAsync(bool isReady, CancellationToken cancellationToken)
    {
        var declared = DeclaredSync.Read(services.GetRequiredService<IConfiguration>(), () => Guid.Empty).Applications;
        List<Application> stored = isReady ? await services.GetRequiredService<ServerDb>().Applications.AsNoTracking().ToListAsync(cancellationToken) : [];
        var open = declared.Concat(stored).DistinctBy(application => application.ClientId, StringComparer.Ordinal).Where(CanBeImpersonated).Select(application => application.ClientId).ToList();
        if (open.Count > 0)
            Add(Mark.Note, "applications", $"{string.Join(", ", open)}: any app on the same device can take the redirect URI, and nobody is asked: set Consent to Explicit, or come back to an https address that the app has claimed (docs/guides/native-app.md)");
    }

    private static bool CanBeImpersonated(Application application) =>
        application is { Type: ApplicationType.Public, Kind: ApplicationKind.Native, Consent: ConsentMode.Implicit }
        && application.RedirectUris.Any(uri => !uri.StartsWith("https:", StringComparison.OrdinalIgnoreCase));

    // Codes, tokens and windows of limits end by the clock of whichever instance looks: all must agree with the database's.
    private async Task ClockAsync(CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<ServerDb>();
        if (!db.Database.IsNpgsql())
        {
            Add(Mark.Ok, "clock", "one machine, one clock");
            return;
        }

        var time = services.GetRequiredService<TimeProvider>();
        var before = time.GetUtcNow();
        var theirs = (await db.Database.SqlQueryRaw<DateTimeOffset>("SELECT now() AS \"Value\"").ToListAsync(cancellationToken))[0];
        var after = time.GetUtcNow();
        var off = theirs < before ? before - theirs : theirs > after ? theirs - after : TimeSpan.Zero;
        if (off <= ClockTolerance)
            Add(Mark.Ok, "clock", "agrees with the database's");
        else
            Add(Mark.Fail, "clock", string.Create(CultureInfo.InvariantCulture, $"{off.TotalSeconds:0} s away from the database's: switch NTP on, on both machines"));
    }

    private void LookAtProxies()
    {
        var proxies = services.GetRequiredService<IOptions<HostingOptions>>().Value.TrustedProxies;
        var issuer = services.GetRequiredService<IOptions<ProtocolOptions>>().Value.Issuer;
        var urls = services.GetRequiredService<IConfiguration>()["urls"] ?? "";
        if (proxies.Count > 0)
            Add(Mark.Ok, "proxies", $"X-Forwarded-* is believed from {string.Join(", ", proxies)}");
        else if (issuer?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true && !urls.Contains("https:", StringComparison.OrdinalIgnoreCase))
            Add(Mark.Note, "proxies", "none is trusted: if a reverse proxy answers for Server:Issuer, name it in Hosting:TrustedProxies, or all visitors share one address's limits");
        else
            Add(Mark.Ok, "proxies", "none is trusted");
    }

    private bool LookAtMasterKey()
    {
        var environment = services.GetRequiredService<IHostEnvironment>();
        var options = services.GetRequiredService<IOptions<KeyOptions>>().Value;
        var isSqlite = services.GetRequiredService<IOptions<DatabaseOptions>>().Value.Provider == DatabaseProvider.Sqlite;
        var path = Path.GetFullPath(options.MasterKeyFile, environment.ContentRootPath);
        if (!File.Exists(path) && (isSqlite || environment.IsDevelopment()))
        {
            Add(Mark.Note, "master key", $"{path} does not exist yet: the first start makes it");
            return false;
        }

        try
        {
            services.GetRequiredService<MasterKeys>();
        }
        catch (MasterKeyException exception)
        {
            Add(Mark.Fail, "master key", exception.Message);
            return false;
        }

        List<string> files = [path, .. options.PreviousMasterKeyFiles.Select(file => Path.GetFullPath(file, environment.ContentRootPath))];
        var open = files.Where(file => IsOpen(file, asMounted: false)).ToList();
        if (open.Count > 0)
            Add(Mark.Fail, "master key", $"other users may read or change it: chmod 600 {string.Join(' ', open)}");
        else if (files.Exists(file => IsOpen(file, asMounted: true)))
            Add(Mark.Note, "master key", "read-only for everybody, as container runtimes mount secrets: fine where this server is the container's only user; elsewhere mount it with mode 0400");
        else
            Add(Mark.Ok, "master key", "readable, and by nobody else");
        return true;
    }

    // Docker gives secrets the mode 0444, and none but the server lives in the container. A file that somebody may write to was not mounted so: on a
    // machine with more users than the server, each of them could read it.
    private static bool IsOpen(string path, bool asMounted)
    {
        if (OperatingSystem.IsWindows())
            return false;
        const UnixFileMode Write = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        // Kubernetes mounts a link; a link's own mode says nothing.
        var mode = File.GetUnixFileMode(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        var isOpen = (mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != UnixFileMode.None;
        return isOpen && ((mode & Write) == UnixFileMode.None) == asMounted;
    }

    private async Task SigningKeysAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await services.GetRequiredService<ServerDb>().SigningKeys.AnyAsync(cancellationToken))
            {
                Add(Mark.Note, "signing keys", "there are none yet: the first start makes them");
                return;
            }

            var keys = await services.GetRequiredService<KeyRing>().PublishedKeysAsync(cancellationToken);
            Add(Mark.Ok, "signing keys", $"{keys.Count} published: {string.Join(", ", keys.Select(key => key.Algorithm).Distinct())}");
        }
        catch (Exception exception) when (exception is MasterKeyException or DbException)
        {
            Add(Mark.Fail, "signing keys", exception.Message);
        }
    }

    private async Task SenderAsync(ISender sender, CancellationToken cancellationToken)
    {
        if (sender is not IChecksItself checks)
        {
            Add(Mark.Note, sender.Name, "has no free call to check it by: \"send-test --to <address>\" shows whether it takes messages");
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var found = await checks.CheckAsync(limit.Token);
        Add(found.IsWell switch { true => Mark.Ok, false => Mark.Fail, null => Mark.Note }, sender.Name, found.Text);
    }

    private void Add(Mark mark, string check, string text) => lines.Add((mark, check, text));
}
