using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>Sign-in by phone number over the pages and by the code grant, with what is written into the texts.</summary>
public sealed class PhoneTests : IAsyncDisposable
{
    private const string Number = "+447400123456";
    private const string Shown = "+44\u00A07400\u00A0123456";

    private readonly Server server = new(("SignIn:DefaultRegion", "GB"), ("Users:+447400555666:Name", "Petra Phone"), ("Users:anna@example.com:Phone", "+447400777888"));

    [Fact]
    public async Task A_new_person_signs_up_with_a_number_and_applications_are_told_that_it_is_verified()
    {
        var (browser, app) = (server.NewBrowser(), server.WebApp());
        var attempt = app.Authorize("openid phone");
        var form = await browser.GetAsync(attempt.Url);
        var input = form.Document.QuerySelector("input[name=Address]")!;
        Assert.Equal(("text", "username", "email"), (input.GetAttribute("type"), input.GetAttribute("autocomplete"), input.GetAttribute("inputmode")));
        Assert.Contains("E-mail address or phone number", form.Text, StringComparison.Ordinal);

        var page = await browser.SubmitAsync(form, "Continue", ("Address", "07400 123 456"));
        Assert.Equal(Shown, page.Document.QuerySelector("strong[dir=ltr]")!.TextContent);
        Assert.DoesNotContain("link", page.Text, StringComparison.OrdinalIgnoreCase);
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        var text = (await server.MailsAsync(Number))[0];
        Assert.EndsWith($"\n@localhost #{text.Code}", text.Text.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("http", text.Text, StringComparison.Ordinal);

        page = await browser.SubmitAsync(page, "Continue", ("Code", text.Code!));
        Assert.Equal(("/sign-in/details", Shown), (page.Url.AbsolutePath, page.Document.QuerySelector(".fixed [dir=ltr]")!.TextContent));
        page = await browser.SubmitAsync(page, "Create", ("Name", "Nora Number"));
        page = await browser.SubmitAsync(page, "Allow");
        var (_, claims) = await app.UserInfoAsync((await app.RedeemAsync(page.Query("code")!, attempt.Verifier)).AccessToken!);

        Assert.Equal((Number, true), (claims.GetProperty("phone_number").GetString(), claims.GetProperty("phone_number_verified").GetBoolean()));
        var account = await browser.GetAsync("/account");
        Assert.Contains(Number, string.Concat(account.Text.Where(letter => !char.IsWhiteSpace(letter))), StringComparison.Ordinal);
    }

    // E1
    [Fact]
    public async Task Known_and_unknown_numbers_are_answered_alike()
    {
        var answers = new List<string>();
        foreach (var (number, shown) in new[] { ("+447400555666", "+44 7400 555666"), ("+447400555667", "+44 7400 555667") })
        {
            var browser = server.NewBrowser();
            var response = await browser.SendAsync(browser.Form(await browser.GetAsync("/sign-in"), "Continue", ("Address", number)));
            var code = await browser.GetAsync(response.Headers.Location!.ToString());
            var wrong = await browser.SubmitAsync(code, "Continue", ("Code", "000000"));
            answers.Add($"{(int)response.StatusCode} {code.Html.Length} {(int)wrong.Response.StatusCode} {wrong.Html.Length} {code.Text} {wrong.Text}".Replace(shown, "", StringComparison.Ordinal));
        }

        Assert.Equal(answers[0], answers[1]);
    }

    [Theory]
    [InlineData("020 7946 0958", "cannot receive text messages")]
    [InlineData("+1 900 555 0100", "cannot receive text messages")]
    [InlineData("12", "neither an e-mail address nor a phone number")]
    [InlineData("", "your e-mail address or your phone number")]
    public async Task What_cannot_be_written_to_is_said_beside_the_field(string typed, string said)
    {
        var browser = server.NewBrowser();
        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", typed));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Response.StatusCode);
        Assert.Contains(said, page.Document.QuerySelector("#address-error")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_gateway_the_form_asks_for_email_addresses_alone()
    {
        await using var other = new Server(("Delivery:Sms:Providers:0", ""));
        var browser = other.NewBrowser();
        var form = await browser.GetAsync("/sign-in");
        Assert.Equal("email", form.Document.QuerySelector("input[name=Address]")!.GetAttribute("type"));
        Assert.DoesNotContain("phone", form.Text, StringComparison.OrdinalIgnoreCase);

        var page = await browser.SubmitAsync(form, "Continue", ("Address", Number));

        Assert.Contains("Phone numbers cannot be used here", page.Document.QuerySelector("#address-error")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_number_is_confirmed_on_the_account_page_and_opens_the_account_only_then()
    {
        var browser = server.NewBrowser();
        await server.SignInAsync(browser, "anna@example.com");
        await using (var scope = server.Services.CreateAsyncScope())
            Assert.Null(await scope.ServiceProvider.GetRequiredService<Core.Users.UserDirectory>().PutAsync("anna@example.com", null, false, Number, default));

        var account = await browser.GetAsync("/account/addresses");
        Assert.Single(account.Document.QuerySelectorAll(".address .badge"));
        var page = await browser.SubmitAsync(account, "Confirm");
        var text = (await server.MailsAsync(Number))[0];
        account = await browser.SubmitAsync(page, "Continue", ("Code", text.Code!));

        Assert.Equal(("/account/addresses", 2), (account.Url.AbsolutePath, account.Document.QuerySelectorAll(".address .badge").Length));
        Assert.Contains("Anna Example", (await server.SignInAsync(server.NewBrowser(), Number)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_address_signs_in_without_a_message()
    {
        await using var other = new Server(("SignIn:TestAddresses:reviewer@example.com:Code", "314159"), ("Users:reviewer@example.com:Name", "App Reviewer"));
        var browser = other.NewBrowser();
        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), "Continue", ("Address", "Reviewer@example.com"));

        page = await browser.SubmitAsync(page, "Continue", ("Code", "314159"));

        Assert.Contains("App Reviewer", page.Text, StringComparison.Ordinal);
        Assert.Empty(await other.MailsAsync("reviewer@example.com", atLeast: 0));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
