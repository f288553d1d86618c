using System.Net.Http.Json;
using System.Text.Json;

namespace IdentityServer.Testing;

/// <summary>The real server as a process of its own, with a fresh database and inbox in a folder of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly (string Name, string Value)[] environment;
    private ChildProcess process;

    private ServerProcess(string folder, string address, string secureAddress, (string, string)[] environment, ChildProcess process)
    {
        Folder = folder;
        Address = address;
        SecureAddress = secureAddress;
        this.environment = environment;
        this.process = process;
    }

    /// <summary>The content root: <c>data/</c> and <c>certs/</c> lie here.</summary>
    public string Folder { get; }

    /// <summary>E.g. <c>http://localhost:40123</c>.</summary>
    public string Address { get; }

    /// <summary>The same server over https, e.g. <c>https://localhost:40124</c>.</summary>
    public string SecureAddress { get; }

    public string Output => process.Output;

    /// <summary>Starts it in Development with the repository's <c>appsettings.Development.json</c>, and waits until it is healthy.</summary>
    public static async Task<ServerProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("identityserver-").FullName;
        File.Copy(Path.Combine(Repository.Root, "appsettings.Development.json"), Path.Combine(folder, "appsettings.Development.json"));
        var address = $"http://localhost:{ChildProcess.FreePort()}";
        var secureAddress = $"https://localhost:{ChildProcess.FreePort()}";
        (string, string)[] variables = [("ASPNETCORE_ENVIRONMENT", "Development"), ("ASPNETCORE_URLS", $"{address};{secureAddress}"), ("Applications__swagger__RedirectUris__0", $"{address}/swagger/oauth2-redirect.html"), .. settings];
        return new ServerProcess(folder, address, secureAddress, variables, await LaunchAsync(folder, address, variables));
    }

    /// <summary>kill -9, and the same server again on the same data.</summary>
    public async Task KillAndRestartAsync()
    {
        await process.DisposeAsync();
        process = await LaunchAsync(Folder, Address, environment);
    }

    /// <summary>The same with further settings.</summary>
    public async Task RestartAsync(params (string Name, string Value)[] settings)
    {
        await process.DisposeAsync();
        process = await LaunchAsync(Folder, Address, [.. environment, .. settings]);
    }

    public Task KillAsync() => process.KillAsync();

    public Browser NewBrowser() => new(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, new Uri(Address));

    public HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(Address) };

    /// <summary>Waits for the newest mail to this address that came after the given time.</summary>
    public async Task<Mail> MailAsync(string to, DateTimeOffset? after = null, TimeSpan? within = null)
    {
        using var client = NewClient();
        var limit = within ?? TimeSpan.FromSeconds(15);
        for (var tries = 0; tries < limit / Pause; tries++)
        {
            var mails = await client.GetFromJsonAsync<Mail[]>($"/dev/inbox.json?to={Uri.EscapeDataString(to)}", JsonSerializerOptions.Web);
            if (mails is [var newest, ..] && (after is null || newest.At > after))
                return newest;
            await Task.Delay(Pause);
        }

        throw new InvalidOperationException($"No mail for {to} within {limit.TotalSeconds} seconds.\n{Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static Task<ChildProcess> LaunchAsync(string folder, string address, (string, string)[] environment) =>
        ChildProcess.Start("dotnet", [Repository.ServerDll], folder, environment).AnswersAsync($"{address}/health");
}

/// <summary>A mail in the development inbox.</summary>
public sealed record Mail(string To, string Subject, string Text, string Html, string? Code, string? Link, DateTimeOffset At);
