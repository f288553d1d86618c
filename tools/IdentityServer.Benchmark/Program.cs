using System.Globalization;
using IdentityServer.Benchmark;
using IdentityServer.Testing;

// Compares the server with a bare one that does no more than the answer needs, on the same PostgreSQL, in the same run, in turns:
//
//   dotnet run --configuration Release --project tools/IdentityServer.Benchmark -- [seconds a turn, 5] [connections, 16] [rounds, 3]
//
// Both run as processes of their own beside the load, so that absolute figures say much of the machine; the ratio is what to look at.
if (args is ["bare", var connectionString, var url])
{
    await BareServer.RunAsync(connectionString, url);
    return 0;
}

if (PostgresCluster.Missing is { } reason)
{
    await Console.Error.WriteLineAsync(reason);
    return 1;
}

int Number(int index, int fallback) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : fallback;
var (turn, connections, rounds) = (TimeSpan.FromSeconds(Number(0, 5)), Number(1, 16), Number(2, 3));

var address = new Uri($"http://localhost:{ChildProcess.FreePort()}");
await using var bare = await ChildProcess.Start("dotnet", [typeof(BareServer).Assembly.Location, "bare", PostgresCluster.NewDatabase(), address.ToString()], AppContext.BaseDirectory, [])
    .AnswersAsync($"{address}nothing");
await using var server = await ServerProcess.StartAsync(
    ("Database__Provider", "Postgres"),
    ("Database__ConnectionString", PostgresCluster.NewDatabase()),
    ("Logging__LogLevel__Default", "Warning"),
    ("Limits__StartsPerNetworkAndHour", "100000"));

Console.WriteLine($"{connections} connections, {rounds} rounds of {turn.TotalSeconds:0} seconds each; requests a second, milliseconds at the median and for 99 of 100.");
Console.WriteLine($"{"",-34}{"bare",9}{"p50",7}{"p99",7}{"server",10}{"p50",7}{"p99",7}{"ratio",8}");
foreach (var (name, ofBare, ofServer) in await Scenarios.AllAsync(address, server, connections))
{
    List<Measured> bares = [], servers = [];
    for (var round = 0; round < rounds; round++)
    {
        bares.Add(await Load.RunAsync(ofBare, turn));
        servers.Add(await Load.RunAsync(ofServer, turn));
    }

    var (one, other) = (Measured.Middle(bares), Measured.Middle(servers));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34}{one}{other,24}{other.PerSecond / one.PerSecond,8:0.00}"));
}

return 0;
