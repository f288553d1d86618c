using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>An administrator's day, in a real browser.</summary>
public sealed class AdminTests(Stack stack)
{
    private static readonly string[] Paths =
    [
        "/admin", "/admin?by=day", "/admin/people", "/admin/people?address=stranger%40example.com", "/admin/sessions", "/admin/messages", "/admin/audit", "/admin/limits", "/admin/applications", "/admin/application?id=spa",
        "/admin/application?id=worker", "/admin/new-application", "/admin/new-application?kind=native", "/admin/scopes", "/admin/scope", "/admin/scope?name=notes", "/admin/authorizations", "/admin/keys",
    ];

    [Theory]
    [InlineData(true, ColorScheme.Light)]
    [InlineData(true, ColorScheme.Dark)]
    [InlineData(false, ColorScheme.Light)]
    [InlineData(false, ColorScheme.Dark)]
    public async Task Every_page_for_administrators_is_accessible_and_fits(bool isPhone, ColorScheme scheme)
    {
        var screens = new Screens($"{(isPhone ? "phone" : "desktop")}-{scheme}".ToLowerInvariant());
        var page = await stack.NewPersonAsync(isPhone ? Phone : Desktop, scheme);
        await SignInAsync(page);
        foreach (var path in Paths)
            await screens.ShowAsync(page, $"admin{Regex.Replace(path[6..], "[^a-z]+", "-")}", stack.Server.Address + path);

        if (isPhone)
        {
            await page.GotoAsync($"{stack.Server.Address}/admin");
            await page.GetByText("Menu").ClickAsync();
            await screens.ShowAsync(page, "admin-menu");
        }

        await page.GotoAsync($"{stack.Server.Address}/admin/messages");
        await AnsweredAsync(page, () => page.Locator("tbody th a").First.ClickAsync());
        await screens.ShowAsync(page, "admin-message");
        await page.GotoAsync($"{stack.Server.Address}/admin/people?address=admin%40example.com");
        await page.GetByText("Delete the account").ClickAsync();
        await AnsweredAsync(page, () => page.GetByRole(AriaRole.Button, new() { Name = "Delete for good" }).ClickAsync());
        await screens.ShowAsync(page, "admin-person");
        await page.GotoAsync($"{stack.Server.Address}/admin/new-application?kind=spa");
        await page.GetByLabel("Redirect URIs").FillAsync("http://shop.example/*");
        await AnsweredAsync(page, () => page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync());
        await screens.ShowAsync(page, "admin-new-application-refused");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task An_application_made_by_the_guide_signs_people_in()
    {
        var page = await stack.NewPersonAsync();
        await SignInAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Applications" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "New application" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Web app" }).ClickAsync();
        await page.GetByLabel("Name that people see").FillAsync("Guided shop");
        await page.GetByLabel("Redirect URIs").FillAsync($"{stack.WebApp}/callback");
        await page.GetByLabel("It is ours").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByText("The application is registered.")).ToBeVisibleAsync();
        var secret = await page.Locator(".secret").InnerTextAsync();
        await Expect(page.Locator(".snippet")).ToContainTextAsync("guided-shop");
        await new Screens("desktop-light").ShowAsync(page, "admin-application-created");
        await page.ReloadAsync();
        await Expect(page.Locator(".secret")).ToHaveCountAsync(0);

        // The web app is somebody else's to this server: its page does not know the state, but the code is in its address.
        var app = new RelyingParty(stack.Server.NewClient(), "guided-shop", $"{stack.WebApp}/callback", secret);
        var attempt = app.Authorize("openid profile offline_access");
        var person = await stack.NewPersonAsync();
        var back = person.WaitForRequestAsync(new Regex(Regex.Escape($"{stack.WebApp}/callback")));
        await SignInAsync(person, "anna@example.com", stack.Server.Address + attempt.Url);
        var code = System.Web.HttpUtility.ParseQueryString(new Uri((await back).Url).Query)["code"]!;
        var tokens = await app.RedeemAsync(code, attempt.Verifier);
        Assert.NotNull(tokens.IdToken);
        Assert.NotNull((await app.RefreshAsync(tokens.RefreshToken!)).AccessToken);
    }

    [Fact]
    public async Task Why_somebody_did_not_get_in_is_read_in_one_look()
    {
        var person = await stack.NewPersonAsync();
        var mail = await AskAsync(person, "anna@example.com", $"{stack.Server.Address}/sign-in");
        for (var tries = 0; tries < 3; tries++)
            await FillCodeAsync(person, mail.Code == "000000" ? "000001" : "000000");

        var page = await stack.NewPersonAsync();
        await SignInAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "People" }).ClickAsync();
        await page.GetByLabel("Name, e-mail or phone").FillAsync("anna@");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Link, new() { Name = "Anna Example" }).ClickAsync();

        await Expect(page.Locator(".answer")).ToContainTextAsync("the code was typed wrong 3 times");
        foreach (var step in new[] { "A sign-in by e-mail began.", "file took the mail at try 1.", "Typed a wrong code; 3 wrong ones in a row now." })
            await Expect(page.Locator(".timeline")).ToContainTextAsync(step);
        await new Screens("desktop-light").ShowAsync(page, "admin-person-wrong-codes");
    }

    private async Task SignInAsync(IPage page, string address = "admin@example.com", string? start = null)
    {
        var mail = await AskAsync(page, address, start ?? $"{stack.Server.Address}/sign-in");
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        if (start is not null)
            return;
        await page.WaitForURLAsync(new Regex("/account"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Administration" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/admin"));
    }

    private async Task<Mail> AskAsync(IPage page, string address, string start)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync(start);
        await TypeAsync(page, address);
        await page.WaitForURLAsync(new Regex("/sign-in/code"));
        return await stack.Server.MailAsync(address, before);
    }
}
