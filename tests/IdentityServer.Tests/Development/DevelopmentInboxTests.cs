using System.Net;
using System.Text.Json;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Development;
using IdentityServer.UI.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IdentityServer.Tests.Development;

public sealed class DevelopmentInboxTests : IAsyncLifetime
{
    private const string Link = "http://localhost:5000/sign-in/link?token=abc&x=1";
    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-inbox-").FullName;
    private WebApplication app = null!;
    private HttpClient client = null!;

    public async ValueTask InitializeAsync()
    {
        app = Build("Development");
        app.MapDevelopmentInbox();
        await app.StartAsync();
        client = app.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_empty_inbox_is_an_empty_list()
    {
        Assert.Equal("[]", await client.GetStringAsync("/dev/inbox.json"));
        Assert.Contains("none yet", await client.GetStringAsync("/dev/inbox"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mails_are_listed_newest_first_with_code_and_link()
    {
        await SendAsync("ada@example.org", "111111");
        await SendAsync("eve@example.org", "222222");
        await SendAsync("ada@example.org", "333333", "Grüße 日本 & Co");

        var mails = await ListAsync("");
        Assert.Equal(["333333", "222222", "111111"], mails.Select(mail => mail.GetProperty("code").GetString()));
        var newest = mails[0];
        Assert.Equal("ada@example.org", newest.GetProperty("to").GetString());
        Assert.Equal("333333 is your code for Grüße 日本 & Co", newest.GetProperty("subject").GetString());
        Assert.Equal(Link, newest.GetProperty("link").GetString());
        Assert.Contains("Sign in to Grüße 日本 & Co\n", newest.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", newest.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.True(newest.GetProperty("at").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Mails_can_be_asked_for_by_address()
    {
        await SendAsync("ada@example.org", "111111");
        await SendAsync("eve+x@example.org", "222222");

        Assert.Equal("222222", Assert.Single(await ListAsync("?to=EVE%2Bx@example.org")).GetProperty("code").GetString());
        Assert.Empty(await ListAsync("?to=nobody@example.org"));
    }

    [Fact]
    public async Task Texts_are_shown_beside_mails()
    {
        await SendAsync("ada@example.org", "111111");
        var words = app.Services.GetRequiredService<IMessageRenderer>().Render(MessageTemplate.SignInCode, Channel.Sms, "en", new Dictionary<string, string>
        {
            ["code"] = "222222", ["application"] = "Photos", ["host"] = "localhost:5000", ["minutes"] = "5",
        });
        var now = TimeProvider.System.GetUtcNow();
        var message = new OutgoingMessage(Guid.CreateVersion7(now), "+4915123456789", words, now.AddMinutes(5));
        Assert.IsType<SendResult.Accepted>(await app.Services.GetRequiredService<Senders>().Of(Channel.Sms)[0].SendAsync(message, default));

        Assert.Equal(2, (await ListAsync("")).Count);
        var text = Assert.Single(await ListAsync("?to=%2B4915123456789"));
        Assert.Equal("222222", text.GetProperty("code").GetString());
        Assert.Contains("222222 is your code for Photos", text.GetProperty("subject").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("\n@localhost:5000 #222222\n", text.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("222222", await client.GetStringAsync($"/dev/inbox/{message.Id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subject_of_several_encoded_words_is_read_as_one()
    {
        var name = string.Concat(Enumerable.Repeat("Ärger mit Übermut ", 8)).Trim();
        await SendAsync("ada@example.org", "111111", name);
        Assert.Equal($"111111 is your code for {name}", Assert.Single(await ListAsync("")).GetProperty("subject").GetString());
    }

    [Fact]
    public async Task The_page_shows_values_as_text_and_runs_no_script_but_its_own()
    {
        await SendAsync("ada@example.org", "111111", "<script>alert(1)</script>");
        using var response = await client.GetAsync("/dev/inbox");
        var page = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script>", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("111111", page, StringComparison.Ordinal);
        Assert.Contains("/dev/inbox.js", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", Policy(response), StringComparison.Ordinal);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task A_mail_is_framed_in_a_sandbox()
    {
        await SendAsync("ada@example.org", "111111");
        var id = (await ListAsync(""))[0].GetProperty("id").GetGuid();

        Assert.Contains($"<iframe src=\"/dev/inbox/{id}\"", await client.GetStringAsync($"/dev/inbox?mail={id}"), StringComparison.Ordinal);
        using var mail = await client.GetAsync($"/dev/inbox/{id}");
        Assert.Contains("sandbox", Policy(mail), StringComparison.Ordinal);
        Assert.DoesNotContain("allow-scripts", Policy(mail), StringComparison.Ordinal);
        Assert.Equal("text/html", mail.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/dev/inbox/00000000-0000-0000-0000-000000000000")]
    [InlineData("/dev/inbox/..%2F..%2Fcerts%2Fmaster.key")]
    [InlineData("/dev/inbox/nonsense")]
    public async Task What_is_no_mail_is_not_found(string path)
    {
        using var response = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Files_that_are_no_mails_of_ours_are_passed_over()
    {
        await SendAsync("ada@example.org", "111111");
        var mails = Path.Combine(folder, "data", "mail");
        await File.WriteAllTextAsync(Path.Combine(mails, "notes.eml"), "x");
        await File.WriteAllTextAsync(Path.Combine(mails, $"{Guid.CreateVersion7(DateTimeOffset.UnixEpoch):N}.eml"), "Content-Transfer-Encoding: base64\n\n!!!");
        Assert.Single(await ListAsync(""));
    }

    [Fact]
    public async Task Outside_development_it_cannot_be_mapped()
    {
        await using var production = Build("Production");
        Assert.Throws<InvalidOperationException>(() => production.MapDevelopmentInbox());
    }

    private WebApplication Build(string environment)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment, ContentRootPath = folder });
        builder.WebHost.UseTestServer();
        // Without the database, most of delivery cannot be made; the inbox needs none of that.
        builder.Host.UseDefaultServiceProvider(provider => provider.ValidateOnBuild = false);
        builder.Configuration["Delivery:Sms:Providers:0"] = "file";
        builder.Services.AddSingleton(new MasterKeys([new byte[32]])).AddDelivery(builder.Environment).AddMessages();
        // Mails are written by hand here; there is no database to dispatch from.
        foreach (var service in builder.Services.Where(service => service.ImplementationType?.Name is "Dispatcher" or "ReceiptPoller").ToList())
            builder.Services.Remove(service);
        builder.Host.UseDefaultServiceProvider(options => options.ValidateOnBuild = false);
        return builder.Build();
    }

    private async Task SendAsync(string to, string code, string application = "Photos")
    {
        var words = app.Services.GetRequiredService<IMessageRenderer>().Render(MessageTemplate.SignInCode, Channel.Email, "en", new Dictionary<string, string>
        {
            ["code"] = code,
            ["link"] = Link,
            ["minutes"] = "5",
            ["application"] = application,
            ["host"] = "localhost:5000",
        });
        var now = TimeProvider.System.GetUtcNow();
        var message = new OutgoingMessage(Guid.CreateVersion7(now), to, words, now.AddMinutes(5));
        Assert.IsType<SendResult.Accepted>(await app.Services.GetRequiredService<Senders>().Of(Channel.Email)[0].SendAsync(message, default));
    }

    private async Task<List<JsonElement>> ListAsync(string query)
    {
        using var list = JsonDocument.Parse(await client.GetStringAsync("/dev/inbox.json" + query));
        return [.. list.RootElement.EnumerateArray().Select(mail => mail.Clone())];
    }

    private static string Policy(HttpResponseMessage response) => string.Join(';', response.Headers.GetValues("Content-Security-Policy"));
}
