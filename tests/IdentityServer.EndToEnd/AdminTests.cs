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

    [Fact]
    public async Task Every_page_for_administrators_is_accessible_and_fits()
    {
        var screens = new Screens("en", Look.All);
        var page = await stack.NewPersonAsync();
        await SignInAsync(page);
        foreach (var path in Paths)
            await screens.ShowAsync(page, $"admin{Regex.Replace(path[6..], "[^a-z]+", "-")}", stack.Server.Address + path);

        await page.SetViewportSizeAsync(Phone.Width, Phone.Height);
        await page.GotoAsync($"{stack.Server.Address}/admin");
        await page.GetByText("Menu").ClickAsync();
        await new Screens("en", Look.All[..2]).ShowAsync(page, "admin-menu");
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
    public async Task The_single_page_sample_signs_in_with_an_application_made_by_the_guide()
    {
        var port = ChildProcess.FreePort();
        var origin = $"http://localhost:{port}";
        var admin = await stack.NewPersonAsync();
        await SignInAsync(admin);
        await GuideAsync(admin, "Single-page app", "Pocket notes", $"{origin}/callback");
        await admin.GetByLabel("Addresses after signing out").FillAsync($"{origin}/");
        await admin.GetByLabel("notes", new() { Exact = true }).CheckAsync();
        await admin.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(admin.Locator(".secret")).ToHaveCountAsync(0);
        var clientId = Regex.Match(await admin.Locator(".snippet").InnerTextAsync(), "client_id: \"(.+)\"").Groups[1].Value;
        await stack.StartSpaAsync(port, clientId);

        var person = await stack.NewPersonAsync();
        await person.GotoAsync(origin);
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await person.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await person.ArriveAsync("/sign-in$|/sign-in\\?");
        await TypeAsync(person, "paula@example.com");
        await FillCodeAsync(person, (await stack.Server.MailAsync("paula@example.com", before)).Code!);
        await TypeAsync(person, "Paula Pocket");
        await Expect(person.GetByRole(AriaRole.Main)).ToContainTextAsync("Pocket notes");
        await person.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await Expect(person.GetByRole(AriaRole.Heading, new() { Name = "Hello, Paula Pocket" })).ToBeVisibleAsync();

        await person.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(person.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await admin.GotoAsync($"{stack.Server.Address}/admin/authorizations?application={clientId}");
        await Expect(admin.GetByRole(AriaRole.Main)).ToContainTextAsync("Paula Pocket");
        await person.Context.CloseAsync();
        await admin.Context.CloseAsync();
    }

    [Fact]
    public async Task A_secret_of_an_application_made_by_the_guide_is_shown_once_and_works()
    {
        var page = await stack.NewPersonAsync();
        await SignInAsync(page);
        await GuideAsync(page, "Web app", "Guided shop", $"{stack.WebApp}/callback");
        await page.GetByLabel("It is ours").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByText("The application is registered.")).ToBeVisibleAsync();
        var secret = await page.Locator(".secret").InnerTextAsync();
        await Expect(page.Locator(".snippet")).ToContainTextAsync("guided-shop");
        await new Screens("desktop-light-en").ShowAsync(page, "admin-application-created");
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
        await person.Context.CloseAsync();
        await page.Context.CloseAsync();
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
        await new Screens("desktop-light-en").ShowAsync(page, "admin-person-wrong-codes");
    }

    private static async Task GuideAsync(IPage page, string kind, string name, string redirectUri)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Applications" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "New application" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = kind }).ClickAsync();
        await page.GetByLabel("Name that people see").FillAsync(name);
        await page.GetByLabel("Redirect URIs").FillAsync(redirectUri);
    }

    private async Task SignInAsync(IPage page, string address = "admin@example.com", string? start = null)
    {
        var mail = await AskAsync(page, address, start ?? $"{stack.Server.Address}/sign-in");
        await page.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        if (start is not null)
            return;
        await page.ArriveAsync("/account");
        await page.GetByRole(AriaRole.Link, new() { Name = "Administration" }).ClickAsync();
        await page.ArriveAsync("/admin");
    }

    private async Task<Mail> AskAsync(IPage page, string address, string start)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync(start);
        await TypeAsync(page, address);
        await page.ArriveAsync("/sign-in/code");
        return await stack.Server.MailAsync(address, before);
    }
}
