using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>The pages that show the API, in a real browser under the server's policy. Their pictures are left in TestResults/screenshots.</summary>
public sealed class ApiDocsTests(Stack stack)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "TestResults", "screenshots");

    [Fact]
    public async Task Swagger_UI_authorises_by_PKCE_and_calls_the_API()
    {
        var page = await stack.NewPersonAsync();
        var complaints = Listen(page);
        await page.GotoAsync($"{stack.Server.Address}/swagger/index.html");
        await Expect(page.GetByText("Read the own profile")).ToBeVisibleAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "swagger.png") });
        await page.Locator(".auth-wrapper .authorize").First.ClickAsync();

        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "swagger-authorise.png") });
        var popup = await page.RunAndWaitForPopupAsync(() => page.Locator(".modal-ux .auth-btn-wrapper .authorize").First.ClickAsync());
        // Somebody of this test's own: others have codes on their way.
        await popup.GetByRole(AriaRole.Textbox).FillAsync("reader@example.com");
        await popup.Keyboard.PressAsync("Enter");
        var mail = await stack.Server.MailAsync("reader@example.com", DateTimeOffset.MinValue);
        await popup.GetByRole(AriaRole.Textbox).FillAsync(mail.Code!);
        await popup.ArriveAsync("/sign-in/details");
        await popup.GetByRole(AriaRole.Textbox).First.FillAsync("Rita Reader");
        await popup.Keyboard.PressAsync("Enter");

        await Expect(page.Locator(".modal-ux").GetByText("Logout")).ToBeVisibleAsync();
        await page.Locator(".modal-ux .btn-done").First.ClickAsync();
        var operation = page.Locator("#operations-Me-getMe");
        await operation.GetByText("Read the own profile").ClickAsync();
        await operation.GetByRole(AriaRole.Button, new() { Name = "Try it out" }).ClickAsync();
        await operation.GetByRole(AriaRole.Button, new() { Name = "Execute" }).ClickAsync();
        await Expect(operation.Locator(".live-responses-table")).ToContainTextAsync("reader@example.com");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "swagger-called.png"), FullPage = false });
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Somebody_registers_and_activates_by_trying_the_API_out_and_signs_in()
    {
        const string Address = "rosa@example.com";
        var page = await stack.NewPersonAsync();
        await page.GotoAsync($"{stack.Server.Address}/swagger/index.html");
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        var accepted = await TryAsync(page, "Registration-createUser", $$"""{ "email": "{{Address}}", "name": "Rosa Registered" }""", 202);
        var mail = await stack.Server.MailAsync(Address, before);
        Assert.Contains("activates your account", mail.Subject, StringComparison.Ordinal);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "swagger-registered.png") });
        await TryAsync(page, "Registration-activateUser", $$"""{ "address": "{{Address}}", "code": "{{Wrong(mail.Code!)}}" }""", 400);
        await TryAsync(page, "Registration-activateUser", $$"""{ "address": "{{Address}}", "code": "{{mail.Code}}" }""", 204);
        await SignInAsync(page, Address);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("Rosa Registered");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(Address);

        // Whoever tries a taken address learns nothing; its owner learns of it.
        await page.GotoAsync($"{stack.Server.Address}/swagger/index.html");
        before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        var taken = await TryAsync(page, "Registration-createUser", $$"""{ "email": "{{Address}}", "name": "Somebody Else" }""", 202);
        Assert.Equal(accepted, taken);
        mail = await stack.Server.MailAsync(Address, before);
        Assert.Equal(("You already have an account at IdentityServer", null), (mail.Subject, mail.Code));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task ReDoc_shows_the_API_without_another_server()
    {
        var page = await stack.NewPersonAsync();
        var complaints = Listen(page);
        await page.GotoAsync($"{stack.Server.Address}/redoc/index.html");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "List users" })).ToBeVisibleAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "redoc.png") });
        Assert.Empty(complaints);
    }

    /// <summary>Opens an operation, sends a body by "Try it out", and gives the answer's body.</summary>
    private static async Task<string> TryAsync(IPage page, string operationId, string body, int status)
    {
        var operation = page.Locator($"#operations-{operationId}");
        if (await operation.GetByRole(AriaRole.Button, new() { Name = "Execute" }).CountAsync() == 0)
        {
            await operation.Locator(".opblock-summary-control").ClickAsync();
            await operation.GetByRole(AriaRole.Button, new() { Name = "Try it out" }).ClickAsync();
        }

        await operation.Locator("textarea.body-param__text").FillAsync(body);
        await operation.GetByRole(AriaRole.Button, new() { Name = "Execute" }).ClickAsync();
        await Expect(operation.Locator(".live-responses-table .response-col_status").Last).ToContainTextAsync($"{status}");
        var answer = operation.Locator(".live-responses-table .response-col_description .highlight-code").First;
        return await answer.CountAsync() == 0 ? "" : await answer.InnerTextAsync();
    }

    private async Task SignInAsync(IPage page, string address)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        await Screens.TypeAsync(page, address);
        await Screens.FillCodeAsync(page, (await stack.Server.MailAsync(address, before)).Code!);
        await page.ArriveAsync("/account$");
    }

    private static string Wrong(string code) => code == "000000" ? "000001" : "000000";

    private List<string> Listen(IPage page)
    {
        Directory.CreateDirectory(Folder);
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                complaints.Add(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(stack.Server.Address, StringComparison.Ordinal) && request.Url.StartsWith("http", StringComparison.Ordinal))
                complaints.Add($"asks {request.Url}");
        };
        return complaints;
    }
}
