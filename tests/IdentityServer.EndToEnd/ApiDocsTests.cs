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
        await popup.WaitForURLAsync(url => url.Contains("/sign-in/details", StringComparison.Ordinal));
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
    public async Task ReDoc_shows_the_API_without_another_server()
    {
        var page = await stack.NewPersonAsync();
        var complaints = Listen(page);
        await page.GotoAsync($"{stack.Server.Address}/redoc/index.html");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "List users" })).ToBeVisibleAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, "redoc.png") });
        Assert.Empty(complaints);
    }

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
