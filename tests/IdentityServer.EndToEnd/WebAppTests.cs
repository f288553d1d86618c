using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>A third party's confidential client, written with npm's openid-client: people are asked before it gets anything.</summary>
public sealed class WebAppTests(Stack stack)
{
    [Fact]
    public async Task A_third_party_gets_tokens_after_consent_and_consent_is_remembered()
    {
        var page = await stack.NewPersonAsync();
        await SignInAsync(page, "walter@example.com", "Walter Web");

        await page.ArriveAsync("/consent");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("Sample web app");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await Expect(page.GetByTestId("userinfo-email")).ToHaveTextAsync("walter@example.com");

        await page.GetByRole(AriaRole.Button, new() { Name = "Refresh" }).ClickAsync();
        await Expect(page.GetByTestId("access-token-refreshes")).ToContainTextAsync("1");

        // Signed in here already and asked before: the next sign-in asks nothing.
        await page.Context.ClearCookiesAsync(new() { NameRegex = new Regex("^(?!.*IdentityServer).*$") });
        await page.GotoAsync(stack.WebApp);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByTestId("userinfo-email")).ToHaveTextAsync("walter@example.com");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_person_who_says_no_is_sent_back_and_nothing_is_given()
    {
        var page = await stack.NewPersonAsync();
        await SignInAsync(page, "nina@example.com", "Nina No");

        await page.ArriveAsync("/consent");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("deny|cancel|not now|^no", RegexOptions.IgnoreCase) }).ClickAsync();

        await page.ArriveAsync($"^{Regex.Escape(stack.WebApp)}");
        await Expect(page.GetByTestId("error")).ToBeVisibleAsync();
    }

    private async Task SignInAsync(IPage page, string address, string name)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GotoAsync(stack.WebApp);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox).FillAsync(address);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/code");
        var mail = await stack.Server.MailAsync(address, before);
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        await page.ArriveAsync("/sign-in/details");
        await page.GetByRole(AriaRole.Textbox).FillAsync(name);
        await page.Keyboard.PressAsync("Enter");
    }
}

/// <summary>A first-party native app: the one-time-code grant, without a browser.</summary>
public sealed class NativeTests(Stack stack)
{
    [Fact]
    public async Task A_new_person_signs_in_from_the_command_line()
    {
        if (stack.Missing is not null)
            Assert.Skip(stack.Missing);
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await using var app = ChildProcess.Start("node", [Path.Combine(Repository.Root, "samples", "native", "cli.js")], Repository.Root, ("AUTHORITY", stack.Server.Address));
        await app.WriteLineAsync("nat@example.com");
        var mail = await stack.Server.MailAsync("nat@example.com", before);
        await app.WriteLineAsync(mail.Code == "000000" ? "000001" : "000000");
        await app.WriteLineAsync(mail.Code!);
        await app.WriteLineAsync("Nat Native");

        Assert.Equal(0, await app.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("Signed in as Nat Native <nat@example.com>", app.Output, StringComparison.Ordinal);
        Assert.Contains("the refresh token is revoked", app.Output, StringComparison.Ordinal);
    }
}
