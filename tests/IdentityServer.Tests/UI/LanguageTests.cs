using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Core;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence;
using IdentityServer.Protocol;
using IdentityServer.Testing;
using IdentityServer.UI;
using IdentityServer.UI.Languages;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Tests.UI;

/// <summary>Which language a page speaks, how it is switched, and that messages speak it too.</summary>
public sealed class LanguageTests : IAsyncDisposable
{
    private readonly Server server = new();

    [Theory]
    [InlineData("de-AT,de;q=0.9,en;q=0.8", "de", "ltr")]
    [InlineData("pt-BR", "pt", "ltr")]
    [InlineData("zh-CN,zh;q=0.9", "zh-Hans", "ltr")]
    [InlineData("zh-TW", "zh-Hans", "ltr")]
    [InlineData("nl, fa;q=0.5, de;q=0.2", "fa", "rtl")]
    [InlineData("en;q=0.1, ar-EG", "ar", "rtl")]
    [InlineData("nl", "en", "ltr")]
    [InlineData("*;q=", "en", "ltr")]
    public async Task The_browser_is_heard_when_nobody_else_wished(string accepted, string language, string direction)
    {
        var page = await NewBrowser(accepted).GetAsync("/sign-in");
        AssertSpeaks(language, page);
        Assert.Equal(direction, page.Document.DocumentElement.GetAttribute("dir"));
        Assert.Equal(language, Assert.Single(page.Response.Content.Headers.ContentLanguage));
    }

    // OpenID Connect Core §3.1.2.1
    [Fact]
    public async Task What_the_application_asked_for_is_heard_before_the_person_and_the_browser()
    {
        var browser = NewBrowser("ru");
        await server.SignInAsync(NewBrowser("es"), "ana@example.com", proceed: "Continuar", create: "Crear");
        await SwitchAsync(browser, await browser.GetAsync("/sign-in"), "Türkçe");
        AssertSpeaks("tr", await browser.GetAsync("/sign-in"));

        // The account knows Spanish from the first sight; the choice in this browser is Turkish, the browser's own language Russian.
        var (page, mail) = await server.AskForCodeAsync(browser, "ana@example.com", "/sign-in", "Devam et");
        AssertSpeaks("es", await browser.SubmitAsync(page, "Devam et", ("Code", mail.Code!)));
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        AssertSpeaks("fa", await browser.GetAsync(server.Spa().Authorize(more: [("prompt", "login"), ("ui_locales", "xx fa-IR de")]).Url));
    }

    [Fact]
    public async Task Whoever_switches_after_the_application_asked_is_heard_before_it()
    {
        var browser = NewBrowser("ru");
        var page = await browser.GetAsync(server.Spa().Authorize(more: ("ui_locales", "fa")).Url);
        AssertSpeaks("fa", page);

        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var switched = await SwitchAsync(browser, page, "Deutsch");

        AssertSpeaks("de", switched);
        Assert.Equal(page.Url, switched.Url);
    }

    [Fact]
    public async Task The_switch_is_on_every_page_in_native_names_and_needs_no_script()
    {
        var browser = NewBrowser("en");
        foreach (var path in new[] { "/", "/sign-in", "/signed-out", "/nothing-here", "/connect/authorize?client_id=nobody", "/language" })
        {
            var page = await browser.GetAsync(path);
            var buttons = page.Document.QuerySelectorAll("footer .languages button");
            Assert.Equal(Language.Tags, buttons.Select(button => button.GetAttribute("lang")!));
            Assert.Contains(buttons, button => button.TextContent == "فارسی" && button.GetAttribute("dir") == "rtl");
            Assert.Equal("en", Assert.Single(buttons, button => button.HasAttribute("aria-current")).GetAttribute("lang"));
        }

        var missing = await SwitchAsync(browser, await browser.GetAsync("/nothing-here?a=b"), "Українська");
        AssertSpeaks("uk", missing);
        Assert.Equal("/nothing-here?a=b", missing.Url.PathAndQuery);
    }

    [Fact]
    public async Task A_switch_while_signed_in_is_stored_with_the_account()
    {
        var browser = NewBrowser("en");
        var page = await server.SignInAsync(browser, "anna@example.com");
        Assert.Equal("en", await StoredAsync("anna@example.com"));

        AssertSpeaks("sw", await SwitchAsync(browser, page, "Kiswahili"));

        Assert.Equal("sw", await StoredAsync("anna@example.com"));
    }

    [Fact]
    public async Task Pages_messages_and_the_account_speak_one_language()
    {
        var browser = NewBrowser("fa");
        var (page, mail) = await server.AskForCodeAsync(browser, "new@example.com", "/sign-in", "ادامه");

        Assert.Contains("۶‌رقمی", page.Text, StringComparison.Ordinal);
        Assert.Equal("ltr", page.Document.QuerySelector(".lead strong")!.GetAttribute("dir"));
        Assert.Equal("ltr", page.Document.QuerySelector("input.code")!.GetAttribute("dir"));
        Assert.Contains("کد شما", mail.Subject, StringComparison.Ordinal);
        Assert.Contains("dir=\"rtl\"", mail.Html, StringComparison.Ordinal);
        Assert.True(mail.Code!.All(char.IsAsciiDigit));

        page = await browser.SubmitAsync(page, "ادامه", ("Code", mail.Code!));
        page = await browser.SubmitAsync(page, "ساختن حساب", ("Name", "آنا"));
        Assert.Equal("/account", page.Url.AbsolutePath);
        Assert.Equal("fa", await StoredAsync("new@example.com"));
    }

    [Fact]
    public async Task An_account_without_a_language_gets_that_of_its_first_sight()
    {
        await using (var scope = server.Services.CreateAsyncScope())
        {
            await server.SignInAsync(NewBrowser("de"), "old@example.com", "/sign-in", "Old", "Weiter", "Konto anlegen");
            await scope.ServiceProvider.GetRequiredService<ServerDb>().Users.ExecuteUpdateAsync(set => set.SetProperty(user => user.Locale, (string?)null));
        }

        server.Clock.Advance(TimeSpan.FromMinutes(2));
        await server.SignInAsync(NewBrowser("fr"), "old@example.com", "/sign-in", "Old", "Continuer", "Créer");
        Assert.Equal("fr", await StoredAsync("old@example.com"));
    }

    // RFC 9700 §4.11
    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("/a\r\nLocation: https://evil.example/")]
    [InlineData("")]
    public async Task The_switch_leads_nowhere_else(string back)
    {
        var browser = NewBrowser("en");
        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Deutsch", ("Back", back));
        Assert.Equal("https://localhost/", page.Url.ToString());
        AssertSpeaks("de", page);
    }

    [Fact]
    public async Task A_language_that_is_not_offered_changes_nothing()
    {
        await using var small = new Server(("Server:UiLocales:0", "de"), ("Server:UiLocales:1", "fr"));
        var browser = small.NewBrowser();
        browser.Headers["Accept-Language"] = "en";
        var page = await browser.GetAsync("/sign-in");

        AssertSpeaks("de", page);
        Assert.Equal(2, page.Document.QuerySelectorAll("footer .languages button").Length);
        AssertSpeaks("fr", await SwitchAsync(browser, page, "Français"));
        Assert.Equal(["de", "fr"], await SupportedAsync(small));
    }

    // OpenID Connect Discovery §3
    [Fact]
    public async Task Discovery_lists_the_languages() => Assert.Equal(Language.Tags, await SupportedAsync(server));

    [Fact]
    public async Task A_deployment_has_its_own_words()
    {
        await using var own = new Server(("Texts:de:SignIn.Heading", "Moin"), ("Texts:de:SignInCode.Subject", "{code} für {application}"));
        var browser = own.NewBrowser();
        browser.Headers["Accept-Language"] = "de";
        var (_, mail) = await own.AskForCodeAsync(browser, "anna@example.com", "/sign-in", "Weiter");

        Assert.Equal("Moin", (await browser.GetAsync("/sign-in")).Document.QuerySelector("h1")!.TextContent);
        Assert.StartsWith($"{mail.Code} für ", mail.Subject, StringComparison.Ordinal);
        Assert.Equal("Anmelden", (await NewBrowser("de").GetAsync("/sign-in")).Document.QuerySelector("h1")!.TextContent);
    }

    [Fact]
    public void A_mistake_in_own_words_stops_the_start()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection([new("Texts:de:SignIn.Heding", "Moin"), new("Server:UiLocales:0", "tlh")]);
        builder.Services.AddSettings<ProtocolOptions>("Server");
        builder.Services.AddUI();
        using var provider = builder.Services.BuildServiceProvider();

        var exception = Assert.Throws<AggregateException>(provider.GetRequiredService<IStartupValidator>().Validate);

        var problems = exception.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures).ToList();
        Assert.Contains(problems, problem => problem.Contains("did you mean \"SignIn.Heading\"?", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("Server:UiLocales", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_message_can_be_seen_in_every_language()
    {
        var page = await server.NewBrowser().GetAsync("/dev/messages");
        var frames = page.Document.QuerySelectorAll("iframe");

        Assert.Equal(Language.Tags.Count * Enum.GetValues<MessageTemplate>().Length, frames.Length);
        Assert.All(frames, frame => Assert.Equal("", frame.GetAttribute("sandbox")));
        Assert.Equal(2 * frames.Length, page.Document.QuerySelectorAll("pre").Length);
        var mail = await server.NewBrowser().GetAsync(frames[^1].GetAttribute("src")!);
        Assert.Equal(HttpStatusCode.OK, mail.Status);
        Assert.EndsWith("sandbox", Assert.Single(mail.Response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.NewBrowser().GetAsync("/dev/messages/SignInCode/xx")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.NewBrowser().GetAsync("/dev/messages/99/en")).Status);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private Browser NewBrowser(string accepted)
    {
        var browser = server.NewBrowser();
        browser.Headers["Accept-Language"] = accepted;
        return browser;
    }

    private static Task<Page> SwitchAsync(Browser browser, Page page, string language) => browser.SubmitAsync(page, language);

    private static void AssertSpeaks(string language, Page page) => Assert.Equal(language, page.Document.DocumentElement.GetAttribute("lang"));

    private static async Task<string[]> SupportedAsync(Server server)
    {
        using var client = server.NewClient();
        var document = await client.GetFromJsonAsync<JsonElement>("/.well-known/openid-configuration");
        return [.. document.GetProperty("ui_locales_supported").EnumerateArray().Select(tag => tag.GetString()!)];
    }

    private async Task<string?> StoredAsync(string email)
    {
        await using var scope = server.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ServerDb>().Users.Where(user => user.Email == email).Select(user => user.Locale).SingleAsync();
    }
}
