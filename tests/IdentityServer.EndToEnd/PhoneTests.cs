using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace IdentityServer.EndToEnd;

/// <summary>Sign-up by phone number on a phone: the right keyboards, the code that fills itself in, nothing wider than the screen, axe content.</summary>
public sealed class PhoneTests(Stack stack)
{
    [Fact]
    public async Task A_person_signs_up_by_phone_number_on_a_phone()
    {
        var screens = new Screens("phone-light-en");
        const string Number = "+447400900901";
        var page = await stack.NewPersonAsync(Screens.Phone);
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        var address = page.GetByLabel("E-mail address or phone number");
        Assert.Equal(("email", "username"), (await address.GetAttributeAsync("inputmode"), await address.GetAttributeAsync("autocomplete")));

        await address.FillAsync("+44 20 7946 0958");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("cannot receive text messages")).ToBeVisibleAsync();
        await screens.ShowAsync(page, "sign-in-landline");

        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await address.FillAsync("+44 7400 900901");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/sign-in/code"));
        await Assertions.Expect(page.Locator("strong[dir=ltr]")).ToHaveTextAsync(Number);
        await screens.ShowAsync(page, "code-phone");

        var text = await stack.Server.MailAsync(Number, before);
        var code = page.GetByLabel("Code", new() { Exact = true });
        Assert.Equal(("numeric", "one-time-code"), (await code.GetAttributeAsync("inputmode"), await code.GetAttributeAsync("autocomplete")));
        await code.FillAsync(text.Code!);
        await page.WaitForURLAsync(new Regex("/sign-in/details"));
        await Assertions.Expect(page.GetByText(Number)).ToBeVisibleAsync();
        await screens.ShowAsync(page, "details-phone");

        await page.GetByLabel("Your name").FillAsync("Nora Number");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/account"));
        await Assertions.Expect(page.GetByText(Number)).ToBeVisibleAsync();
        await screens.ShowAsync(page, "account-phone");
        await page.Context.CloseAsync();
    }
}
