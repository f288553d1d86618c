using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests.UI.Admin;

/// <summary>A server with an administrator at work.</summary>
public sealed class AdminSite : IAsyncDisposable
{
    public const string Administrator = "admin@example.com";

    public Server Server { get; } = new(("Limits:StartsPerAddressAndMinute", "100"), ("Limits:MessagesPerAddressAndHour", "100"), ("Limits:MessagesPerAddressAndDay", "100"));

    public Browser Admin { get; private set; } = null!;

    /// <summary>Every page of the folder as it can be asked for; pages about one thing are asked for one that is there.</summary>
    public async Task<IReadOnlyList<string>> PathsAsync()
    {
        var person = $"{await IdAsync(Administrator):D}";
        await using var scope = Server.Services.CreateAsyncScope();
        var message = await scope.ServiceProvider.GetRequiredService<ServerDb>().Messages.OrderBy(row => row.Id).Select(row => row.Id).FirstOrDefaultAsync();
        return
        [
            .. Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/')).Where(path => path.StartsWith("/admin", StringComparison.Ordinal)).Distinct()
                .Select(path => path switch
                {
                    "/admin/people/{id:guid}" => $"/admin/people/{person}",
                    "/admin/messages/{id:guid}" => $"/admin/messages/{message:D}",
                    "/admin/application" => "/admin/application?id=spa",
                    "/admin/scope" => "/admin/scope?name=notes",
                    _ => path,
                })
                .Order(StringComparer.Ordinal),
        ];
    }

    public async Task<Browser> SignInAsync(string address = Administrator)
    {
        var browser = Server.NewBrowser();
        await Server.SignInAsync(browser, address);
        if (address == Administrator)
            Admin = browser;
        return browser;
    }

    public async Task<Guid> IdAsync(string address) => (await UserAsync(address)).Id;

    public async Task<User> UserAsync(string address)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ServerDb>().Users.AsNoTracking().SingleAsync(user => user.Email == address);
    }

    /// <summary>Kinds in the audit log, the latest first.</summary>
    public async Task<List<string>> AuditAsync()
    {
        await using var scope = Server.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ServerDb>().AuditEvents.OrderByDescending(row => row.Id).Select(row => row.Kind).ToListAsync();
    }

    public static string Alert(Page page) => page.Document.QuerySelector("[role=alert]")?.TextContent.Trim() ?? throw new InvalidOperationException($"No alert: {page.Text}");

    public static void Says(Page page, string words) => Assert.Contains(words, page.Document.QuerySelector("[role=status]")?.TextContent ?? page.Text, StringComparison.Ordinal);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
