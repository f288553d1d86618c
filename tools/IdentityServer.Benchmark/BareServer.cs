using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IdentityServer.Benchmark;

/// <summary>
/// What no server of this kind can do without, and nothing else: Kestrel, plain Npgsql, one ES256 signature. No client is authenticated, no rule
/// looked at, nothing written down: a floor to compare with, not a server.
/// </summary>
internal static class BareServer
{
    /// <summary>Credentials that are there from the start.</summary>
    public const int Rows = 1_000;

    // About as long as an access token's header and claims.
    private static readonly byte[] Claims = Encoding.ASCII.GetBytes(new string('x', 600));
    private static readonly ThreadLocal<ECDsa> Key = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static async Task RunAsync(string connectionString, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        var app = builder.Build();
        await using var database = await PrepareAsync(connectionString);

        app.MapGet("/nothing", () => "{}");
        app.MapPost("/sign", () => $"{{\"access_token\":\"{Sign()}\"}}");
        app.MapGet("/read", async (int id) =>
        {
            await using var command = database.CreateCommand("SELECT \"Generation\" FROM \"Bare\" WHERE \"Id\" = $1");
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
            return $"{{\"sub\":{await command.ExecuteScalarAsync()}}}";
        });
        app.MapPost("/refresh", async context =>
        {
            var form = await context.Request.ReadFormAsync();
            await using var command = database.CreateCommand("UPDATE \"Bare\" SET \"Generation\" = \"Generation\" + 1 WHERE \"Id\" = $1 AND \"Generation\" = $2");
            var generation = long.Parse(form["generation"]!, CultureInfo.InvariantCulture);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = int.Parse(form["id"]!, CultureInfo.InvariantCulture) });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = generation });
            context.Response.StatusCode = await command.ExecuteNonQueryAsync() == 1 ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"{{\"access_token\":\"{Sign()}\",\"refresh_token\":\"{generation + 1}\"}}");
        });
        await app.RunAsync();
    }

    private static string Sign() => Base64Url.EncodeToString(Key.Value!.SignData(Claims, HashAlgorithmName.SHA256));

    private static async Task<NpgsqlDataSource> PrepareAsync(string connectionString)
    {
        var wanted = new NpgsqlConnectionStringBuilder(connectionString);
        await using (var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres" }.ConnectionString))
        await using (var create = server.CreateCommand($"CREATE DATABASE \"{wanted.Database}\""))
            await create.ExecuteNonQueryAsync();

        var database = NpgsqlDataSource.Create(wanted.ConnectionString);
        await using var table = database.CreateCommand(
            $"CREATE TABLE \"Bare\" (\"Id\" int PRIMARY KEY, \"Generation\" bigint NOT NULL); INSERT INTO \"Bare\" SELECT number, 0 FROM generate_series(1, {Rows}) number");
        await table.ExecuteNonQueryAsync();
        return database;
    }
}
