using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;

namespace IdentityServer.EndToEnd;

/// <summary>The account's pages as <see cref="EveryPageTests"/> looks at the others: empty and full, refused and done.</summary>
public sealed class EveryAccountPageTests(Stack stack)
{
    // Nearly the most that a name can have, 100 characters, in words as long as people have them.
    private const string LongName = "Wolfeschlegelsteinhausenbergerdorff Maximiliana-Konstantina von Hohenschwangau-Lichtenstein-Seeberg";

    [Theory]
    [MemberData(nameof(EveryPageTests.Directions), MemberType = typeof(EveryPageTests))]
    public async Task Every_page_of_an_account_is_accessible_and_fits(string language)
    {
        var screens = new Screens(language[..2], Look.For(language));
        var server = stack.Server.Address;
        var address = $"owner-{screens.Variant}@example.com";
        var page = await SignUpAsync(language, address, "Ada Lovelace");
        await screens.ShowAsync(page, "account");
        foreach (var name in new[] { "profile", "sessions", "applications", "invitation", "history", "data", "delete", "deleted" })
            await screens.ShowAsync(page, $"account-{name}", $"{server}/account/{name}");
        await ShowInvitationAsync(screens, page, language);
        await ShowApplicationsAsync(screens, page);
        await ShowSessionsAsync(screens, page, address);
        await ShowAddressesAsync(screens, page, address);
        await ShowProfileAsync(screens, page);
        await page.Context.CloseAsync();

        await ShowUndoAsync(screens, address, language);
    }

    private async Task ShowInvitationAsync(Screens screens, IPage page, string language)
    {
        var server = stack.Server.Address;
        await page.GotoAsync($"{server}/account/invitation");
        await TypeAsync(page, "nobody");
        await screens.ShowAsync(page, "account-invitation-error");
        var code = await page.Locator(".ticket code").InnerTextAsync();
        var guest = await SignUpAsync(language, $"guest-{screens.Variant}@example.com", "Gustav Guest");
        await guest.GotoAsync($"{server}/account/invitation");
        await TypeAsync(guest, code);
        await screens.ShowAsync(guest, "account-invitation-used");
        await guest.Context.CloseAsync();
        await screens.ShowAsync(page, "account-invitation-people", $"{server}/account/invitation");
    }

    private async Task ShowApplicationsAsync(Screens screens, IPage page)
    {
        var app = new RelyingParty(stack.Server.NewClient(), "webapp", $"{stack.WebApp}/callback", "unused");
        await page.GotoAsync(stack.Server.Address + app.Authorize("openid profile email offline_access").Url);
        await page.Locator("form[action*='handler=Allow'] button").ClickAsync();
        await page.ArriveAsync(Regex.Escape(stack.WebApp));
        await screens.ShowAsync(page, "account-applications-one", $"{stack.Server.Address}/account/applications");
        await AnsweredAsync(page, () => page.Locator("form[action*='handler=Revoke'] button").ClickAsync());
        await screens.ShowAsync(page, "account-applications-revoked");
    }

    private async Task ShowSessionsAsync(Screens screens, IPage page, string address)
    {
        // Somebody who has been here for long: browsers of all kinds, and more history than fits on a page.
        string[] agents = ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1", "Mozilla/5.0 (Linux; Android 15) SamsungBrowser/27.0", "Mozilla/5.0 (Windows NT 10.0; Win64) Edg/140.0", "", "curl/8"];
        for (var i = 0; i < agents.Length; i++)
        {
            await stack.ChangeAsync(
                "INSERT INTO Sessions SELECT upper(substr(hex(randomblob(16)), 1, 8) || '-0000-7000-8000-' || substr(hex(randomblob(16)), 1, 12)), randomblob(32), UserId, CreatedAt, AuthenticatedAt, ChosenAt, Methods, "
                + "LastSeenAt - ? * 864000000000, ExpiresAt, EndedAt, ?, '2001:db8:85a3:8d3:1319:8a2e:370:7348' FROM Sessions WHERE UserId = (SELECT Id FROM Users WHERE NormalizedEmail = upper(?)) LIMIT 1",
                $"{i * i * i}",
                agents[i],
                address);
        }

        await stack.ChangeAsync(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 12) INSERT INTO AuditEvents SELECT upper(substr(hex(randomblob(16)), 1, 8) || '-0000-7000-8000-' || substr(hex(randomblob(16)), 1, 12)), "
            + "At - i * 864000000000, Kind, UserId, ApplicationId, SessionId, Ip, Data FROM AuditEvents, n WHERE UserId = (SELECT Id FROM Users WHERE NormalizedEmail = upper(?))",
            address);
        var server = stack.Server.Address;
        await screens.ShowAsync(page, "account-sessions-many", $"{server}/account/sessions");
        await AnsweredAsync(page, () => page.Locator("form[action*='handler=End'] button").First.ClickAsync());
        await screens.ShowAsync(page, "account-sessions-ended");
        await screens.ShowAsync(page, "account-history-many", $"{server}/account/history");
        await screens.ShowAsync(page, "account-history-older", $"{server}/account/history?part=2");
    }

    private async Task ShowAddressesAsync(Screens screens, IPage page, string address)
    {
        var server = stack.Server.Address;
        await screens.ShowAsync(page, "account-addresses", $"{server}/account/addresses");
        await page.Locator("details.fold summary").First.ClickAsync();
        await page.Locator("#email").FillAsync("nobody@nowhere");
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
        await screens.ShowAsync(page, "account-addresses-error");
        var changed = $"a.rather.long.address-{address}";
        await page.Locator("#email").FillAsync(changed);
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
        await screens.ShowAsync(page, "account-addresses-code");
        await FillCodeAsync(page, (await stack.Server.MailAsync(changed)).Code!);
        await screens.ShowAsync(page, "account-addresses-changed");
        await stack.ChangeAsync("UPDATE Users SET PhoneNumber = ? WHERE NormalizedEmail = upper(?)", screens.Variant == "en" ? "+447400900555" : "+447400900556", changed);
        await screens.ShowAsync(page, "account-addresses-unconfirmed", $"{server}/account/addresses");
        await stack.ChangeAsync("UPDATE Users SET PhoneNumberConfirmed = 1 WHERE NormalizedEmail = upper(?)", changed);

        await stack.AgeProofAsync(changed);
        await screens.ShowAsync(page, "account-addresses-proof", $"{server}/account/addresses");
        await screens.ShowAsync(page, "account-delete-proof", $"{server}/account/delete");
        await page.Locator(".panel a").ClickAsync();
        await page.ArriveAsync("/sign-in/prove");
        await screens.ShowAsync(page, "prove");
        await AnsweredAsync(page, () => page.Locator("button.choice").First.ClickAsync());
        await screens.ShowAsync(page, "prove-code");
    }

    private async Task ShowProfileAsync(Screens screens, IPage page)
    {
        var server = stack.Server.Address;
        await page.GotoAsync($"{server}/account/profile");
        await page.Locator("#picture").FillAsync("no picture");
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
        await screens.ShowAsync(page, "account-profile-error");
        await page.Locator("#picture").FillAsync("");
        await page.Locator("#name").FillAsync(LongName);
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
        await screens.ShowAsync(page, "account-profile-saved");
        await screens.ShowAsync(page, "account-long-name", $"{server}/account");
        var app = new RelyingParty(stack.Server.NewClient(), "webapp", $"{stack.WebApp}/callback", "unused");
        await screens.ShowAsync(page, "consent-long-name", server + app.Authorize("openid profile email").Url);
        await screens.ShowAsync(page, "choose-long-name", server + app.Authorize(more: ("prompt", "select_account")).Url);
    }

    private async Task ShowUndoAsync(Screens screens, string address, string language)
    {
        var link = Regex.Match((await stack.Server.MailAsync(address)).Text, @"https?://\S+/account/undo\?token=\S+").Value;
        var page = await stack.NewPersonAsync(language: language);
        await screens.ShowAsync(page, "account-undo", link);
        await AnsweredAsync(page, () => page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button).ClickAsync());
        await screens.ShowAsync(page, "account-undo-done");
        await screens.ShowAsync(page, "account-undo-gone", link);
        await page.Context.CloseAsync();
    }

    private async Task<IPage> SignUpAsync(string language, string address, string name)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        var page = await stack.NewPersonAsync(language: language);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        await TypeAsync(page, address);
        await FillCodeAsync(page, (await stack.Server.MailAsync(address, before)).Code!);
        await TypeAsync(page, name);
        await page.ArriveAsync("/account$");
        return page;
    }
}
