using System.Net;
using Xunit;

namespace IdentityServer.Tests.UI.Admin;

/// <summary>Who comes in, for every page that is mapped under /admin.</summary>
public sealed class AdminGuardTests : IAsyncDisposable
{
    private readonly AdminSite site = new();

    [Fact]
    public async Task Strangers_are_sent_to_the_sign_in_and_others_find_nothing()
    {
        var (stranger, anna) = (site.Server.NewBrowser(), await site.SignInAsync("anna@example.com"));
        foreach (var path in await site.PathsAsync())
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
            {
                using var sent = await stranger.SendAsync(new HttpRequestMessage(method, path) { Content = Form(method) });
                Assert.True(sent.StatusCode == HttpStatusCode.SeeOther && sent.Headers.Location!.OriginalString == "/sign-in", $"{method} {path} answers a stranger {sent.StatusCode}");
                using var refused = await anna.SendAsync(new HttpRequestMessage(method, path) { Content = Form(method) });
                Assert.True(refused.StatusCode == HttpStatusCode.NotFound, $"{method} {path} answers anybody {refused.StatusCode}");
                Assert.DoesNotContain("Administration", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }

        var account = await anna.GetAsync("/account");
        Assert.Null(account.Document.QuerySelector("a[href='/admin']"));
    }

    [Fact]
    public async Task An_administrator_sees_every_page_and_nothing_on_it_is_from_elsewhere()
    {
        var admin = await site.SignInAsync();
        var paths = await site.PathsAsync();
        Assert.True(paths.Count >= 15, string.Join(' ', paths));
        foreach (var path in paths)
        {
            var page = await admin.GetAsync(path);
            Assert.True(page.Status == HttpStatusCode.OK, $"{path} answers {page.Status}");
            Assert.Equal("en", page.Document.DocumentElement.GetAttribute("lang"));
            Assert.Single(page.Document.QuerySelectorAll("h1"));
            Assert.Empty(page.Document.QuerySelectorAll("style, script:not([src]), [style], form[method=post]:not(:has(input[name=form-token]))"));
            Assert.DoesNotContain("'unsafe", page.Response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.True(page.Document.QuerySelector(".admin-side [aria-current=page]") is not null, $"{path} is nowhere in the menu");
        }

        Assert.NotNull((await admin.GetAsync("/account")).Document.QuerySelector("a[href='/admin']"));
    }

    [Fact]
    public async Task An_old_proof_leads_to_a_fresh_code_for_pages_and_forms()
    {
        var admin = await site.SignInAsync();
        var page = await admin.GetAsync("/admin/keys");
        using var form = admin.Form(page, "Publish successors");
        site.Server.Clock.Advance(TimeSpan.FromMinutes(61));

        foreach (var path in await site.PathsAsync())
        {
            using var sent = await admin.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
            Assert.Equal(HttpStatusCode.SeeOther, sent.StatusCode);
            Assert.Contains("for=admin", sent.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }

        using var refused = await admin.SendAsync(form);
        Assert.Contains("for=admin", refused.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.DoesNotContain("KeysRotated", await site.AuditAsync());
    }

    [Fact]
    public async Task A_form_without_its_token_does_nothing()
    {
        var admin = await site.SignInAsync();
        using var forged = new HttpRequestMessage(HttpMethod.Post, "/admin/keys?handler=Rotate") { Content = new FormUrlEncodedContent([new("immediately", "true")]) };

        var page = await admin.FollowAsync(forged);

        Assert.Contains("nothing was done", AdminSite.Alert(page), StringComparison.Ordinal);
        Assert.DoesNotContain("KeysRotated", await site.AuditAsync());
    }

    [Fact]
    public async Task A_form_that_no_page_has_is_not_found()
    {
        var admin = await site.SignInAsync();
        var page = await admin.GetAsync("/admin/keys");
        foreach (var path in await site.PathsAsync())
        {
            using var form = admin.Form(page, "Publish successors");
            form.RequestUri = new Uri(page.Url, path);
            using var answer = await admin.SendAsync(form);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{path} answers {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task What_stands_in_the_address_as_a_notice_is_not_shown()
    {
        var page = await (await site.SignInAsync()).GetAsync("/admin?notice=You+have+won");

        Assert.DoesNotContain("won", page.Text, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();

    private static FormUrlEncodedContent? Form(HttpMethod method) => method == HttpMethod.Post ? new([]) : null;
}
