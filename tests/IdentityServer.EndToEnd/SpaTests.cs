using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>A developer's first minutes: the React sample, signed in to with a real browser.</summary>
public sealed partial class SpaTests(Stack stack)
{
    [Fact]
    public async Task A_new_person_signs_in_with_the_code_and_the_sample_holds_tokens()
    {
        var page = await stack.NewPersonAsync();
        var mail = await AskForCodeAsync(page, "grace@example.com");
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);

        // Nobody has this address yet: details first.
        await page.ArriveAsync("/sign-in/details");
        await page.GetByRole(AriaRole.Textbox).FillAsync("Grace Hopper");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.GetByTestId("name")).ToHaveTextAsync("Grace Hopper");
        await Expect(page.GetByTestId("email")).ToContainTextAsync("grace@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Call the API" }).ClickAsync();
        await Expect(page.GetByTestId("api-answer")).ToContainTextAsync(await page.GetByTestId("sub").InnerTextAsync());
    }

    [Fact]
    public async Task One_tap_on_the_link_signs_in_the_browser_that_asked()
    {
        var page = await stack.NewPersonAsync();
        var mail = await AskForCodeAsync(page, "anna@example.com");

        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(mail.Link!);
        await tab.GetByRole(AriaRole.Button, new() { NameRegex = SignIn() }).ClickAsync();

        await Expect(tab.GetByTestId("name")).ToHaveTextAsync("Anna Example");
    }

    [Fact]
    public async Task The_link_in_another_browser_signs_nobody_in()
    {
        var page = await stack.NewPersonAsync();
        var mail = await AskForCodeAsync(page, "anna@example.com");

        var elsewhere = await stack.NewPersonAsync();
        await elsewhere.GotoAsync(mail.Link!);
        foreach (var button in await elsewhere.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button).AllAsync())
            await button.ClickAsync();
        await elsewhere.GotoAsync($"{stack.Server.Address}/account");
        await Expect(elsewhere).ToHaveURLAsync(new Regex("/sign-in"));

        // The person goes on where they began.
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        await Expect(page.GetByTestId("name")).ToHaveTextAsync("Anna Example");
    }

    [Fact]
    public async Task Two_tabs_refresh_and_neither_is_signed_out_until_the_person_signs_out()
    {
        var page = await stack.NewPersonAsync();
        var mail = await AskForCodeAsync(page, "anna@example.com");
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        var first = await page.GetByTestId("access-token-id").InnerTextAsync();

        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(stack.Spa);
        await Expect(tab.GetByTestId("access-token-id")).ToHaveTextAsync(first);
        await Task.WhenAll(
            page.GetByRole(AriaRole.Button, new() { Name = "Refresh now" }).ClickAsync(),
            tab.GetByRole(AriaRole.Button, new() { Name = "Refresh now" }).ClickAsync());
        await Expect(page.GetByTestId("access-token-id")).Not.ToHaveTextAsync(first);
        await Expect(tab.GetByTestId("access-token-id")).Not.ToHaveTextAsync(first);
        Assert.Equal(0, await page.GetByTestId("error").CountAsync());

        // The sample forgets its tokens before it leaves for the server: only the server's answer says that the session is over.
        await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync(),
            response => response.Url.Contains("/connect/endsession", StringComparison.Ordinal));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await page.GotoAsync($"{stack.Server.Address}/account");
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in"));
    }

    [Fact]
    public async Task Pages_work_without_scripts()
    {
        var page = await stack.NewPersonAsync(scripts: false);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GetByRole(AriaRole.Textbox).FillAsync("no-script@example.com");
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/code");
        var mail = await stack.Server.MailAsync("no-script@example.com", before);
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/details");
        await page.GetByRole(AriaRole.Textbox).FillAsync("Nora Script");
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/account");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("Nora Script");
    }

    private async Task<Mail> AskForCodeAsync(IPage page, string address)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GotoAsync(stack.Spa);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox).FillAsync(address);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/code");
        return await stack.Server.MailAsync(address, before);
    }

    [GeneratedRegex("sign in", RegexOptions.IgnoreCase)]
    private static partial Regex SignIn();
}
