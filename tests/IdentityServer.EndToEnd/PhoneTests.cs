using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;

namespace IdentityServer.EndToEnd;

/// <summary>Sign-up by phone number on a phone: the right keyboards, the code that fills itself in, nothing wider than the screen, axe content.</summary>
public sealed class PhoneTests(Stack stack)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "TestResults", "screenshots");

    [Fact]
    public async Task A_person_signs_up_by_phone_number_on_a_phone()
    {
        const string Number = "+447400900901";
        var page = await stack.NewPersonAsync(new ViewportSize { Width = 390, Height = 844 });
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        var address = page.GetByLabel("E-mail address or phone number");
        Assert.Equal(("email", "username"), (await address.GetAttributeAsync("inputmode"), await address.GetAttributeAsync("autocomplete")));

        await address.FillAsync("+44 20 7946 0958");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("cannot receive text messages")).ToBeVisibleAsync();
        await ShowAsync(page, "sign-in-landline");

        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await address.FillAsync("+44 7400 900901");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/sign-in/code"));
        await Assertions.Expect(page.Locator("strong[dir=ltr]")).ToHaveTextAsync(Number);
        await ShowAsync(page, "code-sms");

        var text = await stack.Server.MailAsync(Number, before);
        var code = page.GetByLabel("Code", new() { Exact = true });
        Assert.Equal(("numeric", "one-time-code"), (await code.GetAttributeAsync("inputmode"), await code.GetAttributeAsync("autocomplete")));
        await code.FillAsync(text.Code!);
        await page.WaitForURLAsync(new Regex("/sign-in/details"));
        await Assertions.Expect(page.GetByText(Number)).ToBeVisibleAsync();
        await ShowAsync(page, "details-phone");

        await page.GetByLabel("Your name").FillAsync("Nora Number");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/account"));
        await Assertions.Expect(page.GetByText(Number)).ToBeVisibleAsync();
        await ShowAsync(page, "account-phone");
        await page.Context.CloseAsync();
    }

    private static async Task ShowAsync(IPage page, string name)
    {
        await page.WaitForLoadStateAsync(LoadState.Load);
        Directory.CreateDirectory(Folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-phone-light.png"), FullPage = true });
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, $"{name} is wider than the screen.");
        var found = await page.RunAxe();
        Assert.True(found.Violations.Length == 0, $"{name}: " + string.Join("\n", found.Violations.Select(violation => $"{violation.Id}: {violation.Help}")));
    }
}
