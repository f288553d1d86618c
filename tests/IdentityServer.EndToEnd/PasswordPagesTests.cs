using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;

namespace IdentityServer.EndToEnd;

/// <summary>A server of its own where passwords are switched on.</summary>
public sealed class PasswordServer : IAsyncLifetime
{
    public ServerProcess Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(
        ("SignIn__Password__Enabled", "true"),
        ("Limits__StartsPerAddressAndMinute", "100"),
        ("Limits__StartsPerNetworkAndHour", "1000"),
        ("Limits__WrongCodesPerNetworkAndHour", "1000"));

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>The pages about passwords, as <see cref="EveryPageTests"/> looks at the others.</summary>
public sealed class PasswordPagesTests(Stack stack, PasswordServer passwords) : IClassFixture<PasswordServer>
{
    private const string Password = "Vogel-beisst-3x";
    private readonly ServerProcess server = passwords.Server;

    [Theory]
    [MemberData(nameof(EveryPageTests.Directions), MemberType = typeof(EveryPageTests))]
    public async Task Every_page_about_passwords_is_accessible_and_fits(string language)
    {
        var screens = new Screens(language[..2], Look.For(language));
        var page = await stack.NewPersonAsync(language: language);
        var address = $"walk-{screens.Variant}@example.com";
        await screens.ShowAsync(page, "password-home", server.Address);
        await screens.ShowAsync(page, "password-sign-in", $"{server.Address}/sign-in");
        await AskAsync(page, address);
        await screens.ShowAsync(page, "password");
        await SendAsync(page, "");
        await screens.ShowAsync(page, "password-missing");
        await SendAsync(page, "Not-it-at-all-5");
        await screens.ShowAsync(page, "password-wrong");
        await CodeAsync(page, address);
        await page.Locator("#name").FillAsync("Ada Lovelace");
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
        await screens.ShowAsync(page, "account-with-passwords");

        await page.Locator("a[href='/account/password']").ClickAsync();
        await page.ArriveAsync("/account/password");
        await screens.ShowAsync(page, "account-password");
        await SendAsync(page, "ada");
        await screens.ShowAsync(page, "account-password-unfit");
        await SendAsync(page, Password);
        await screens.ShowAsync(page, "account-password-set");
        await page.Context.CloseAsync();

        page = await stack.NewPersonAsync(language: language);
        await page.GotoAsync($"{server.Address}/sign-in");
        await AskAsync(page, address);
        await CodeAsync(page, address);
        Assert.Contains("/sign-in/new-password", page.Url, StringComparison.Ordinal);
        await screens.ShowAsync(page, "new-password");
        await SendAsync(page, "Password1!");
        await screens.ShowAsync(page, "new-password-unfit");
        await SendAsync(page, "Fisch-singt-4y!");
        Assert.EndsWith("/account", page.Url, StringComparison.Ordinal);
        await page.GotoAsync($"{server.Address}/account/password");
        await AnsweredAsync(page, () => page.Locator("form[action*='handler=Remove'] button").ClickAsync());
        await screens.ShowAsync(page, "account-password-removed");

        for (var tries = 0; tries <= 10; tries++)
        {
            if (tries == 0)
            {
                await page.Context.ClearCookiesAsync();
                await page.GotoAsync($"{server.Address}/sign-in");
                await AskAsync(page, $"paused-{address}");
            }

            await SendAsync(page, "Not-it-at-all-5");
        }

        await screens.ShowAsync(page, "password-paused");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_password_can_be_shown_and_is_hidden_again_before_it_is_sent()
    {
        var page = await stack.NewPersonAsync();
        await page.GotoAsync($"{server.Address}/sign-in");
        await AskAsync(page, "shown@example.com");
        var field = page.Locator("#password");
        await field.FillAsync("Not-it-at-all-5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        Assert.Equal("text", await field.GetAttributeAsync("type"));
        await page.EvaluateAsync("document.forms[0].addEventListener('submit', event => { event.preventDefault(); document.body.dataset.sentAs = document.getElementById('password').type; })");
        await page.Keyboard.PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        Assert.Equal("password", await page.EvaluateAsync<string>("document.body.dataset.sentAs"));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Without_scripts_a_password_and_a_code_sign_in()
    {
        var page = await stack.NewPersonAsync(scripts: false);
        const string Address = "noscript@example.com";
        await page.GotoAsync($"{server.Address}/sign-in");
        await AskAsync(page, Address);
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).CountAsync());
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send me a code" }).ClickAsync();
        await page.Locator("#code").FillAsync((await server.MailAsync(Address, before)).Code!);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#name").FillAsync("Nora Script");
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/account");
        await page.GotoAsync($"{server.Address}/account/password");
        await page.Locator("#password").FillAsync(Password);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("notice=set");
        await page.Context.CloseAsync();
    }

    private static async Task AskAsync(IPage page, string address)
    {
        await page.Locator("#address").FillAsync(address);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/password");
    }

    private static async Task SendAsync(IPage page, string password)
    {
        await page.Locator("#password").FillAsync(password);
        await AnsweredAsync(page, () => page.Locator("#password").PressAsync("Enter"));
    }

    private async Task CodeAsync(IPage page, string address)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await AnsweredAsync(page, () => page.Locator("form[action*=Skip], form[action*=skip]").Locator("button").ClickAsync());
        await FillCodeAsync(page, (await server.MailAsync(address, before)).Code!);
    }
}
