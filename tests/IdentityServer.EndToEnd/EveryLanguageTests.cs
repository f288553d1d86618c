using IdentityServer.Core.Delivery;
using IdentityServer.UI.Languages;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;

namespace IdentityServer.EndToEnd;

/// <summary>The way in, in every language on a phone: the form and what it refuses, the code by mail and by text message, too much of either, the details.</summary>
public sealed class EveryLanguageTests(Stack stack)
{
    public static TheoryData<string> All => [.. Language.Tags];

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_way_in_is_accessible_and_fits_in_every_language(string language)
    {
        var screens = new Screens($"in-{language.ToLowerInvariant()}");
        var page = await stack.NewPersonAsync(Phone, language: language);
        await screens.ShowAsync(page, "home", stack.Server.Address);
        await screens.ShowAsync(page, "sign-in", $"{stack.Server.Address}/sign-in");
        Assert.Equal(language, await page.Locator("html").GetAttributeAsync("lang"));
        foreach (var (name, refused) in new[] { ("nonsense", "nobody@nowhere"), ("landline", "+44 20 7946 0958") })
        {
            await TypeAsync(page, refused);
            await screens.ShowAsync(page, $"sign-in-{name}");
        }

        var address = $"{language.ToLowerInvariant()}@example.com";
        var number = $"+4474000{1000 + All.ToList().FindIndex(tag => tag.Data == language):00000}";
        await StartAsync(page, number);
        await screens.ShowAsync(page, "code-sms");
        var text = await stack.Server.MailAsync(number);
        await FillCodeAsync(page, text.Code!);
        await page.ArriveAsync("/sign-in/details");
        await screens.ShowAsync(page, "details-sms");

        await StartAsync(page, address);
        await screens.ShowAsync(page, "code");
        var mail = await stack.Server.MailAsync(address);
        for (var left = 4; left > 0; left--)
        {
            await FillCodeAsync(page, mail.Code == "000000" ? "000001" : "000000");
            await screens.PictureAsync(page, $"code-wrong-{left}");
        }

        await FillCodeAsync(page, mail.Code!);
        await page.ArriveAsync("/sign-in/details");
        await screens.ShowAsync(page, "details");

        // Five messages an hour go to one address whose owner does not answer. The page says when to come back.
        for (var start = 1; start <= 6; start++)
            await StartAsync(page, $"limited-{address}");
        Assert.EndsWith("/sign-in", page.Url, StringComparison.Ordinal);
        Assert.Equal(1, await page.GetByRole(AriaRole.Alert).CountAsync());
        await screens.ShowAsync(page, "limited");
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_message_can_be_looked_at_in_every_language(string language)
    {
        var page = await stack.NewPersonAsync(Phone, language: language);
        await page.GotoAsync($"{stack.Server.Address}/dev/messages?language={language}");
        Assert.Equal(Enum.GetValues<MessageTemplate>().Length, await page.GetByRole(AriaRole.Article).CountAsync());
        foreach (var mail in await page.Locator("iframe").AllAsync())
        {
            await mail.ScrollIntoViewIfNeededAsync();
            await Assertions.Expect(mail.ContentFrame.Locator("html")).ToHaveAttributeAsync("lang", language);
        }

        var screens = new Screens($"in-{language.ToLowerInvariant()}");
        await screens.PictureAsync(page, "messages");
        await Screens.FitsAsync(page, "messages");
        foreach (var template in Enum.GetNames<MessageTemplate>())
        {
            await page.GotoAsync($"{stack.Server.Address}/dev/messages/{template}/{language}");
            await screens.PictureAsync(page, $"mail-{template}");
            await Screens.FitsAsync(page, template);
        }

        await page.Context.CloseAsync();
    }

    private async Task StartAsync(IPage page, string address)
    {
        await page.GotoAsync($"{stack.Server.Address}/sign-in");
        await TypeAsync(page, address);
    }
}
