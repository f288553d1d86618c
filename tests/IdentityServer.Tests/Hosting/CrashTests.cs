using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>kill -9 at the worst moment.</summary>
public sealed class CrashTests
{
    // P3
    [Fact]
    public async Task Killed_between_commit_and_send_it_loses_no_mail_and_sends_it_once()
    {
        var outside = Directory.CreateTempSubdirectory("identityserver-").FullName;
        try
        {
            // A file where the folder should be: every send fails.
            var place = Path.Combine(outside, "place");
            await File.WriteAllTextAsync(place, "");
            await using var server = await ServerProcess.StartAsync(("Delivery__Email__File__Directory", Path.Combine(place, "mail")), ("Delivery__SendTimeout", "00:00:02"), ("Delivery__TakeOverAfter", "00:00:02"));
            var browser = server.NewBrowser();
            var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", "anna@example.com"));
            Assert.Equal("/sign-in/code", page.Url.AbsolutePath);

            await server.KillAsync();
            File.Delete(place);
            await server.KillAndRestartAsync();

            var mail = await server.MailAsync("anna@example.com", within: TimeSpan.FromSeconds(60));
            page = await browser.SubmitAsync(page, "Continue", ("Code", mail.Code!));
            Assert.Equal("/account", page.Url.AbsolutePath);
            using var client = server.NewClient();
            Assert.Single((await client.GetFromJsonAsync<Mail[]>("/dev/inbox.json?to=anna@example.com", JsonSerializerOptions.Web))!);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }
}
