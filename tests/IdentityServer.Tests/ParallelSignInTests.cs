using System.Net;
using Xunit;
using static IdentityServer.Tests.SignInPagesTests;

namespace IdentityServer.Tests;

/// <summary>Many requests at once against the code page, on both databases.</summary>
public abstract class ParallelSignInTests(Server server) : IAsyncDisposable
{
    // C12
    [Fact]
    public async Task A_double_submit_of_the_right_code_gives_the_same_redirect_and_cookie()
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com", server.Spa().Authorize().Url);
        var forms = Enumerable.Range(0, 2).Select(_ => browser.Form(page, "Continue", ("Code", mail.Code!))).ToArray();

        var answers = await Task.WhenAll(forms.Select(browser.SendAsync));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode));
        Assert.Equal(answers[0].Headers.Location, answers[1].Headers.Location);
        Assert.Equal(SessionCookie(answers[0]), SessionCookie(answers[1]));
    }

    // C4
    [Fact]
    public async Task Fifty_right_codes_at_once_give_one_session()
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        var forms = Enumerable.Range(0, 50).Select(_ => browser.Form(page, "Continue", ("Code", mail.Code!))).ToArray();

        var answers = await Task.WhenAll(forms.Select(browser.SendAsync));

        // Who comes between the fifth count and the claim is told that no try is left; nobody gets another session.
        Assert.Single(answers.Select(SessionCookie).OfType<string>().Distinct(StringComparer.Ordinal));
        var account = await browser.GetAsync("/account/sessions");
        Assert.Single(account.Document.QuerySelectorAll("main li"), item => item.TextContent.Contains("This browser", StringComparison.OrdinalIgnoreCase));
    }

    // C5
    [Fact]
    public async Task Fifty_wrong_codes_at_once_spend_five_tries_and_the_right_one_comes_too_late()
    {
        var browser = server.NewBrowser();
        var (page, mail) = await server.AskForCodeAsync(browser, "anna@example.com");
        var wrong = mail.Code == "111111" ? "222222" : "111111";

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => browser.SendAsync(browser.Form(page, "Continue", ("Code", wrong)))));
        Assert.All(answers, answer => Assert.Null(SessionCookie(answer)));

        var right = await browser.SendAsync(browser.Form(page, "Continue", ("Code", mail.Code!)));
        Assert.Null(SessionCookie(right));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

public sealed class ParallelSignInOnSqliteTests() : ParallelSignInTests(new Server());

public sealed class ParallelSignInOnPostgresTests() : ParallelSignInTests(Server.OnPostgres());
