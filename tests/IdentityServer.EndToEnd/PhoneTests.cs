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
        const string Shown = "+44\u00A07400\u00A0900901";
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
        await page.ArriveAsync("/sign-in/code");
        await Assertions.Expect(page.Locator("strong[dir=ltr]")).ToHaveTextAsync(Shown);
        await screens.ShowAsync(page, "code-phone");

        var text = await stack.Server.MailAsync(Number, before);
        var code = page.GetByLabel("Code", new() { Exact = true });
        Assert.Equal(("numeric", "one-time-code"), (await code.GetAttributeAsync("inputmode"), await code.GetAttributeAsync("autocomplete")));
        await code.FillAsync(text.Code!);
        await page.ArriveAsync("/sign-in/details");
        await Assertions.Expect(page.GetByText(Shown)).ToBeVisibleAsync();
        await screens.ShowAsync(page, "details-phone");

        await page.GetByLabel("Your name").FillAsync("Nora Number");
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/account");
        await Assertions.Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(new Regex(@"\+44\s?7400\s?900901"));
        await screens.ShowAsync(page, "account-phone");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_person_signs_up_in_Persian_from_an_application_by_a_number_in_Persian_digits()
    {
        const string Number = "+989123456789";
        var screens = new Screens("spa-light-fa");
        var page = await stack.NewPersonAsync(Screens.Phone, language: "fa-IR");
        await page.GotoAsync(stack.Spa);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.ArriveAsync("/sign-in");
        Assert.Equal(("fa", "rtl"), (await page.Locator("html").GetAttributeAsync("lang"), await page.Locator("html").GetAttributeAsync("dir")));
        await screens.ShowAsync(page, "sign-in");

        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await page.GetByLabel("نشانی ایمیل یا شمارهٔ تلفن").FillAsync("+۹۸ ۹۱۲ ۳۴۵ ۶۷۸۹");
        await screens.ShowAsync(page, "sign-in-filled");
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync("/sign-in/code");
        await Assertions.Expect(page.Locator("strong[dir=ltr]")).ToHaveTextAsync("+98 912 345 6789");
        await screens.ShowAsync(page, "code");

        // The text is in Persian too; the code is typed in the digits of a Persian keyboard.
        var text = await stack.Server.MailAsync(Number, before);
        Assert.StartsWith($"{text.Code} کد شما برای", text.Text, StringComparison.Ordinal);
        await page.GetByLabel("کد", new() { Exact = true }).FillAsync(string.Concat(text.Code!.Select(digit => "۰۱۲۳۴۵۶۷۸۹"[digit - '0'])));
        await page.ArriveAsync("/sign-in/details");
        await screens.ShowAsync(page, "details");
        await page.GetByLabel("نام شما").FillAsync("آدا لاولیس");
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.GetByTestId("name")).ToHaveTextAsync("آدا لاولیس");
        await page.GotoAsync($"{stack.Server.Address}/account");
        await screens.ShowAsync(page, "account");
        await page.Context.CloseAsync();
    }
}
