using System.CommandLine;

namespace IdentityServer.Commands;

/// <summary><c>health</c>: asks a running instance whether it is well; for a container's health check, whose image holds no HTTP client.</summary>
internal static class Health
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static ServerCommand Command(CommandFrame frame)
    {
        var url = new Option<string>("--url")
        {
            Description = "The instance; otherwise the one that ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS tell of, on this machine.",
            DefaultValueFactory = _ => Here(Environment.GetEnvironmentVariable),
            HelpName = "address",
        };
        url.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(Uri.TryCreate(token.Value, UriKind.Absolute, out var typed) && typed.Scheme is "http" or "https"))
                result.AddError("--url is an address such as http://localhost:8080.");
        });
        return frame.Alone(
            "health",
            "Ask a running instance whether it is well.",
            "health --url http://localhost:8080",
            (line, cancellationToken) => AskAsync(new Uri(line.GetRequiredValue(url)), cancellationToken),
            url);
    }

    /// <summary>Where this machine's instance listens, by the variables that ASP.NET Core reads.</summary>
    internal static string Here(Func<string, string?> variable)
    {
        var urls = variable("ASPNETCORE_URLS")?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var ports = variable("ASPNETCORE_HTTP_PORTS")?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var first = urls.FirstOrDefault(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) ?? urls.FirstOrDefault()
            ?? $"http://localhost:{ports.FirstOrDefault() ?? "5000"}";
        foreach (var any in (string[])["//+", "//*", "//0.0.0.0", "//[::]"])
            first = first.Replace(any, "//localhost", StringComparison.Ordinal);
        return first;
    }

    private static async Task<CommandResult> AskAsync(Uri url, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(new Uri(url, "/health"), cancellationToken);
            var status = await answer.Content.ReadAsStringAsync(cancellationToken);
            return new CommandResult(status, new { status }, answer.IsSuccessStatusCode ? ExitCodes.Done : ExitCodes.Act);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new CommandResult($"{url} does not answer.", new { status = "Unreachable" }, ExitCodes.Act);
        }
    }
}
