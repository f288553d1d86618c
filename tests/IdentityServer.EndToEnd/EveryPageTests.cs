using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;

namespace IdentityServer.EndToEnd;

/// <summary>Walks through every page and state that somebody meets on the way in and out, in a language of each direction, and looks at each of them as <see cref="Screens"/> does.</summary>
public sealed class EveryPageTests(Stack stack)
{
    private static int numbers;

    /// <summary>From the left and from the right. <see cref="EveryLanguageTests"/> has the others.</summary>
    public static TheoryData<string> Directions => ["en-GB", "fa-IR"];

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task Every_page_is_accessible_and_fits(string language)
    {
        var screens = new Screens(language[..2], Look.For(language));
        Task<IPage> NewPersonAsync() => stack.NewPersonAsync(language: language);
        var page = await NewPersonAsync();
        var server = stack.Server.Address;
        var address = $"every-{screens.Variant}@example.com";

        await screens.ShowAsync(page, "home", server);
        await screens.ShowAsync(page, "sign-in", $"{server}/sign-in");
        await page.Locator("summary").ClickAsync();
        await screens.ShowAsync(page, "languages-open");
        await screens.ShowAsync(page, "languages", $"{server}/language");
        await screens.ShowAsync(page, "sign-in-expired", $"{server}/sign-in?expired");
        await page.GotoAsync($"{server}/sign-in");
        foreach (var (name, refused) in new[] { ("empty", ""), ("nonsense", "nobody@nowhere"), ("landline", "+44 20 7946 0958") })
        {
            await TypeAsync(page, refused);
            await screens.ShowAsync(page, $"sign-in-{name}");
        }

        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await TypeAsync(page, address);
        await page.ArriveAsync("/sign-in/code");
        await screens.ShowAsync(page, "code");
        var mail = await stack.Server.MailAsync(address, before);
        await FillCodeAsync(page, Wrong(mail.Code!));
        await screens.ShowAsync(page, "code-wrong");

        var elsewhere = await NewPersonAsync();
        await screens.ShowAsync(elsewhere, "link-other-browser", mail.Link!);
        await screens.ShowAsync(elsewhere, "link-gone", $"{server}/sign-in/link?token=nothing");
        await elsewhere.Context.CloseAsync();

        var tab = await page.Context.NewPageAsync();
        await screens.ShowAsync(tab, "link-same-browser", mail.Link!);
        await tab.CloseAsync();

        await FillCodeAsync(page, mail.Code!);
        await page.ArriveAsync("/sign-in/details");
        await screens.ShowAsync(page, "details");
        await TypeAsync(page, "   ");
        await screens.ShowAsync(page, "details-error");
        await TypeAsync(page, "Ada Lovelace");
        await page.ArriveAsync("/account");
        var app = new RelyingParty(stack.Server.NewClient(), "webapp", $"{stack.WebApp}/callback", "unused");
        await screens.ShowAsync(page, "consent", server + app.Authorize("openid profile email phone offline_access").Url);
        await screens.ShowAsync(page, "choose", server + app.Authorize(more: ("prompt", "select_account")).Url);
        await screens.ShowAsync(page, "sign-in-again", server + app.Authorize(more: ("prompt", "login")).Url);
        await screens.ShowAsync(page, "error-no-administrator", $"{server}/admin");
        await screens.ShowAsync(page, "sign-out", $"{server}/sign-out");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button).First.ClickAsync();
        await page.ArriveAsync("/signed-out");
        await screens.ShowAsync(page, "signed-out");

        await screens.ShowAsync(page, "error-unknown-client", $"{server}/connect/authorize?client_id=nobody");
        await screens.ShowAsync(page, "error-not-found", $"{server}/nothing-here");
        await screens.ShowAsync(page, "inbox", $"{server}/dev/inbox?to={address}");
        await page.GetByRole(AriaRole.Article).First.GetByRole(AriaRole.Link).First.ClickAsync();
        await page.ArriveAsync("mail=");
        await screens.PictureAsync(page, "inbox-mail");
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task Every_end_of_a_code_is_accessible_and_fits(string language)
    {
        var screens = new Screens(language[..2], Look.For(language));
        var page = await stack.NewPersonAsync(language: language);

        // The second code replaces the first.
        var address = $"replaced-{screens.Variant}@example.com";
        var first = await StartAsync(page, address);
        await AnsweredAsync(page, () => page.Locator("button[data-wait]").ClickAsync());
        await screens.ShowAsync(page, "code-sent-again");
        await stack.Server.MailAsync(address, first.At);
        await FillCodeAsync(page, first.Code!);
        await screens.ShowAsync(page, "code-superseded");

        // Five wrong codes spend a challenge, ten in a row make codes for the address pause; the link still signs its owner in.
        foreach (var (way, spent) in new[] { ("mail", $"spent-{screens.Variant}@example.com"), ("sms", $"+4474009{Interlocked.Increment(ref numbers):00000}") })
        {
            for (var challenge = 0; challenge < 2; challenge++)
            {
                var message = await StartAsync(page, spent);
                for (var tries = 0; tries < 5; tries++)
                    await FillCodeAsync(page, Wrong(message.Code!));
            }

            await screens.ShowAsync(page, $"code-spent-{way}");
            await FillCodeAsync(page, Wrong((await StartAsync(page, spent)).Code!));
            await screens.ShowAsync(page, $"code-paused-{way}");
        }

        // Five messages an hour go to one address; the page says when to come back.
        for (var start = 4; start <= 6; start++)
        {
            await page.GotoAsync($"{stack.Server.Address}/sign-in");
            await TypeAsync(page, $"spent-{screens.Variant}@example.com");
        }

        Assert.Equal(1, await page.GetByRole(AriaRole.Alert).CountAsync());
        await screens.ShowAsync(page, "limited");

        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData("target-size", "<button aria-label=a style='inline-size: 10px; padding: 0'></button><button aria-label=b style='inline-size: 10px; padding: 0'></button>")]
    [InlineData("color-contrast", "<p style='color: #999; background: #fff'>Hard to read</p>")]
    [InlineData("640 wide, is 60 pixels wider than the screen", "<p style='inline-size: 700px; margin: 0; position: absolute; inset-inline-start: 0'>Too wide when zoomed</p>")]
    public async Task What_is_wrong_with_a_page_is_found(string problem, string html)
    {
        var page = await stack.NewPersonAsync();
        await page.SetContentAsync($"<!doctype html><html lang=en><title>Wrong</title><main><h1>Wrong</h1>{html}</main></html>");
        var found = await Assert.ThrowsAnyAsync<Exception>(() => new Screens("en", Look.All[2..]).ShowAsync(page, "wrong-on-purpose"));
        Assert.Contains(problem, found.Message, StringComparison.Ordinal);
        await page.Context.CloseAsync();
    }

    private async Task<Mail> StartAsync(IPage page, string address)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        await TypeAsync(page, address);
        await page.ArriveAsync("/sign-in/code");
        return await stack.Server.MailAsync(address, before);
    }

    private static string Wrong(string code) => code == "000000" ? "000001" : "000000";
}
