using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;

namespace IdentityServer.EndToEnd;

/// <summary>
/// Walks through every page and state at phone and desktop width, light and dark: axe finds nothing, nothing is wider than the screen. The
/// screenshots are left in TestResults/screenshots to be looked at.
/// </summary>
public sealed class EveryPageTests(Stack stack)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "TestResults", "screenshots");
    private string variant = "";

    [Theory]
    [InlineData(390, ColorScheme.Light, "en-GB")]
    [InlineData(390, ColorScheme.Dark, "en-GB")]
    [InlineData(1280, ColorScheme.Light, "en-GB")]
    [InlineData(1280, ColorScheme.Dark, "en-GB")]
    [InlineData(390, ColorScheme.Light, "fa-IR")]
    public async Task Every_page_is_accessible_and_fits(int width, ColorScheme scheme, string language)
    {
        variant = $"{(width < 600 ? "phone" : "desktop")}-{scheme}{(language == "en-GB" ? "" : $"-{language}")}".ToLowerInvariant();
        var size = new ViewportSize { Width = width, Height = width < 600 ? 844 : 800 };
        var page = await stack.NewPersonAsync(size, scheme, language: language);
        var server = stack.Server.Address;
        var address = $"{variant}@example.com";

        await ShowAsync(page, "home", server);
        await ShowAsync(page, "sign-in", $"{server}/sign-in");
        await page.Locator("summary").ClickAsync();
        await ShowAsync(page, "languages-open");
        await ShowAsync(page, "languages", $"{server}/language");
        await page.GotoAsync($"{server}/sign-in");
        await TypeAsync(page, "");
        await ShowAsync(page, "sign-in-error");
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await TypeAsync(page, address);
        await page.WaitForURLAsync(new Regex("/sign-in/code"));
        await ShowAsync(page, "code");
        var mail = await stack.Server.MailAsync(address, before);
        var wrong = mail.Code == "000000" ? "000001" : "000000";
        await FillCodeAsync(page, wrong);
        await ShowAsync(page, "code-wrong");

        var elsewhere = await stack.NewPersonAsync(size, scheme, language: language);
        await ShowAsync(elsewhere, "link-other-browser", mail.Link!);
        await ShowAsync(elsewhere, "link-gone", $"{server}/sign-in/link?token=nothing");
        await elsewhere.Context.CloseAsync();

        var tab = await page.Context.NewPageAsync();
        await ShowAsync(tab, "link-same-browser", mail.Link!);
        await tab.CloseAsync();

        await FillCodeAsync(page, mail.Code!);
        await page.WaitForURLAsync(new Regex("/sign-in/details"));
        await ShowAsync(page, "details");
        await TypeAsync(page, "   ");
        await ShowAsync(page, "details-error");
        await TypeAsync(page, "Ada Lovelace");
        await page.WaitForURLAsync(new Regex("/account"));
        await ShowAsync(page, "account");

        var app = new RelyingParty(stack.Server.NewClient(), "webapp", $"{stack.WebApp}/callback", "unused");
        await ShowAsync(page, "consent", server + app.Authorize("openid profile email phone offline_access").Url);
        await ShowAsync(page, "choose", server + app.Authorize(more: ("prompt", "select_account")).Url);
        await ShowAsync(page, "sign-in-again", server + app.Authorize(more: ("prompt", "login")).Url);
        await ShowAsync(page, "sign-out", $"{server}/sign-out");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button).First.ClickAsync();
        await page.WaitForURLAsync(new Regex("/signed-out"));
        await ShowAsync(page, "signed-out");

        // Five wrong codes spend the challenge.
        await page.GotoAsync($"{server}/sign-in");
        await TypeAsync(page, $"spent-{address}");
        await page.WaitForURLAsync(new Regex("/sign-in/code"));
        for (var tries = 0; tries < 5; tries++)
            await FillCodeAsync(page, "000000");
        await ShowAsync(page, "code-spent");

        await ShowAsync(page, "error-unknown-client", $"{server}/connect/authorize?client_id=nobody");
        await ShowAsync(page, "error-not-found", $"{server}/nothing-here");
        await ShowAsync(page, "inbox", $"{server}/dev/inbox?to={address}");
        await page.GetByRole(AriaRole.Article).First.GetByRole(AriaRole.Link).First.ClickAsync();
        await page.WaitForURLAsync(new Regex("mail="));
        await PictureAsync(page, "inbox-mail");
        await page.Context.CloseAsync();
    }

    private static async Task TypeAsync(IPage page, string text)
    {
        await page.GetByRole(AriaRole.Textbox).FillAsync(text);
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
    }

    // A code that comes in at once, as from the keyboard's suggestion, is sent by the page itself.
    private static Task FillCodeAsync(IPage page, string code) => AnsweredAsync(page, () => page.GetByRole(AriaRole.Textbox).FillAsync(code));

    private static async Task AnsweredAsync(IPage page, Func<Task> action)
    {
        await page.RunAndWaitForResponseAsync(action, response => response.Request.IsNavigationRequest && response.Status != 303);
        await page.WaitForLoadStateAsync(LoadState.Load);
    }

    private async Task ShowAsync(IPage page, string name, string? url = null)
    {
        if (url is not null)
            await page.GotoAsync(url);
        await page.WaitForLoadStateAsync(LoadState.Load);
        await PictureAsync(page, name);

        var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(overflow <= 0, $"{name} is {overflow} pixels wider than the screen.");
        var found = await page.RunAxe();
        Assert.True(found.Violations.Length == 0, $"{name}: " + string.Join("\n", found.Violations.Select(violation =>
            $"{violation.Id}: {violation.Help} at {string.Join(", ", violation.Nodes.Select(node => node.Html))}")));
    }

    // Alone for a page with a mail in it: axe waits for ever to run in a frame whose sandbox allows no script.
    private async Task PictureAsync(IPage page, string name)
    {
        Directory.CreateDirectory(Folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{variant}.png"), FullPage = true });
    }
}
