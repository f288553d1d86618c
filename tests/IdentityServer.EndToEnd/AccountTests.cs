using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>What people do with their own account.</summary>
public sealed class AccountTests(Stack stack)
{
    private string Account => $"{stack.Server.Address}/account";

    [Fact]
    public async Task A_changed_address_is_taken_back_from_the_old_ones_mail()
    {
        const string Old = "olga@example.com";
        const string New = "olga.new@example.com";
        var page = await SignUpAsync(Old, "Olga Old");
        await page.GetByRole(AriaRole.Link, new() { Name = "E-mail and phone" }).ClickAsync();
        await page.Locator("details.fold summary").First.ClickAsync();
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GetByLabel("New e-mail address").FillAsync(New);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/account/addresses/code");
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync((await stack.Server.MailAsync(New, before)).Code!);
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("undo the change");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(New);

        var told = await stack.Server.MailAsync(Old, before);
        var link = Regex.Match(told.Text, @"https?://\S+/account/undo\?token=\S+").Value;
        var owner = await stack.NewPersonAsync();
        await owner.GotoAsync(link);
        await owner.GetByRole(AriaRole.Button, new() { Name = "Take it back" }).ClickAsync();
        await Expect(owner.GetByRole(AriaRole.Heading, new() { Name = "Your address is back" })).ToBeVisibleAsync();

        await page.GotoAsync(Account);
        await page.ArriveAsync("/sign-in$");
        await SignInAsync(owner, Old);
        await Expect(owner.GetByRole(AriaRole.Main)).ToContainTextAsync(Old);
        await owner.Context.CloseAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task An_account_is_deleted_after_fresh_proof()
    {
        const string Address = "dora@example.com";
        var page = await SignUpAsync(Address, "Dora Deleted");
        await stack.AgeProofAsync(Address);
        await page.GetByRole(AriaRole.Link, new() { Name = "Delete account" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Confirm" }).ClickAsync();
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send a code" }).ClickAsync();
        await page.ArriveAsync("/sign-in/prove/code");
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync((await stack.Server.MailAsync(Address, before)).Code!);
        await page.ArriveAsync("/account/delete");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete account" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Your account is deleted" })).ToBeVisibleAsync();
        await page.GotoAsync(Account);
        await page.ArriveAsync("/sign-in$");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task One_person_invites_another_by_code()
    {
        var (host, guest) = (await SignUpAsync("hanna@example.com", "Hanna Host"), await SignUpAsync("gustav@example.com", "Gustav Guest"));
        await host.GotoAsync($"{Account}/invitation");
        var code = await host.Locator(".ticket code").InnerTextAsync();

        await guest.GetByRole(AriaRole.Link, new() { Name = "Invite people" }).ClickAsync();
        await guest.GetByLabel("Their code").FillAsync(code.ToLowerInvariant());
        await guest.Keyboard.PressAsync("Enter");

        await Expect(guest.GetByRole(AriaRole.Main)).ToContainTextAsync($"You were invited with the code {code}");
        await host.ReloadAsync();
        await Expect(host.GetByRole(AriaRole.Main)).ToContainTextAsync("g•••@e•••.com");
        await guest.Context.CloseAsync();
        await host.Context.CloseAsync();
    }

    [Fact]
    public async Task Another_session_is_ended_from_here_without_scripts()
    {
        const string Address = "simon@example.com";
        var here = await SignUpAsync(Address, "Simon Sessions");
        var there = await stack.NewPersonAsync(scripts: false);
        await SignInAsync(there, Address, scripts: false);

        await there.GotoAsync($"{Account}/sessions");
        await there.GetByRole(AriaRole.Button, new() { Name = "End the sign-in" }).ClickAsync();

        await Expect(there.GetByRole(AriaRole.Status)).ToContainTextAsync("signed out");
        await here.GotoAsync(Account);
        await here.ArriveAsync("/sign-in$");
        await there.GotoAsync(Account);
        await Expect(there.GetByRole(AriaRole.Heading, new() { Name = "Your account" })).ToBeVisibleAsync();
        await there.Context.CloseAsync();
        await here.Context.CloseAsync();
    }

    private async Task<IPage> SignUpAsync(string address, string name)
    {
        var page = await stack.NewPersonAsync();
        await SignInAsync(page, address, "/sign-in/details");
        await page.GetByLabel("Your name").FillAsync(name);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/account$");
        return page;
    }

    private async Task SignInAsync(IPage page, string address, string end = "/account", bool scripts = true)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        await page.GetByRole(AriaRole.Textbox).FillAsync(address);
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/code");
        await page.GetByRole(AriaRole.Textbox).FillAsync((await stack.Server.MailAsync(address, before)).Code!);
        if (!scripts)
            await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync(end);
    }
}
