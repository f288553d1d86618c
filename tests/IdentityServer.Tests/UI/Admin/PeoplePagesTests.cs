using System.Net;
using Xunit;
using static IdentityServer.Tests.UI.Admin.AdminSite;

namespace IdentityServer.Tests.UI.Admin;

/// <summary>Searching people, their stories, and what administrators do with accounts.</summary>
public sealed class PeoplePagesTests : IAsyncDisposable
{
    private const string Anna = "anna@example.com";
    private readonly AdminSite site = new();

    [Fact]
    public async Task People_are_searched_filtered_and_sorted()
    {
        var admin = await site.SignInAsync();
        var all = await admin.GetAsync("/admin/people?sort=name");
        Assert.Equal(["Ada Administrator", "Anna Example", "Dora Disabled"], all.Document.QuerySelectorAll("tbody th a").Select(link => link.TextContent));

        Assert.Equal("Anna Example", (await admin.GetAsync("/admin/people?q=NNA%40ex")).Document.QuerySelector("tbody th a")!.TextContent);
        Assert.Equal("Dora Disabled", Assert.Single((await admin.GetAsync("/admin/people?state=disabled")).Document.QuerySelectorAll("tbody th a")).TextContent);
        Assert.Equal("Ada Administrator", Assert.Single((await admin.GetAsync("/admin/people?role=admin")).Document.QuerySelectorAll("tbody th a")).TextContent);
        Assert.Contains("Nobody fits", (await admin.GetAsync("/admin/people?from=50")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_codes_are_the_answer_and_unlocking_forgets_them()
    {
        var admin = await site.SignInAsync();
        var (anna, path) = (site.Server.NewBrowser(), $"/admin/people/{await site.IdAsync(Anna):D}");
        for (var round = 0; round < 2; round++)
        {
            var (page, mail) = await site.Server.AskForCodeAsync(anna, Anna);
            for (var tries = 0; tries < 5; tries++)
                page = await anna.SubmitAsync(page, "Continue", ("Code", mail.Code == "000000" ? "000001" : "000000"));
            var story = await admin.GetAsync(path);
            Assert.Contains(round == 0 ? "typed wrong 5 times" : "Codes for this address pause until", story.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
            Assert.Contains("Typed a wrong code", story.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(mail.Code!, story.Text, StringComparison.Ordinal);
        }

        Says(await admin.SubmitAsync(await admin.GetAsync(path), "Forget wrong codes"), "codes work again");

        Assert.Contains("CodesUnlocked", await site.AuditAsync());
        await site.Server.SignInAsync(site.Server.NewBrowser(), Anna);
        var after = await admin.GetAsync(path);
        Assert.Contains("worked", after.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_without_account_has_a_story_and_can_be_unlocked()
    {
        var admin = await site.SignInAsync();
        await site.Server.AskForCodeAsync(site.Server.NewBrowser(), "nobody@example.com");

        var page = await admin.GetAsync("/admin/people?address=nobody%40example.com");
        Assert.Contains("its code was never typed", page.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
        Says(await admin.SubmitAsync(page, "Forget wrong codes"), "codes work again");

        Assert.Contains("See what happened", (await admin.GetAsync("/admin/people?q=nobody%40example.com")).Text, StringComparison.Ordinal);
        Assert.EndsWith($"{await site.IdAsync(Anna):D}", (await admin.GetAsync("/admin/people?address=anna%40example.com")).Url.AbsolutePath, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await admin.GetAsync("/admin/people?address=nonsense")).Status);
        Assert.Contains("Nobody asked for a code", (await admin.GetAsync("/admin/people?address=never%40example.com")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_is_disabled_enabled_signed_out_and_deleted()
    {
        var anna = await site.SignInAsync(Anna);
        var admin = await site.SignInAsync();
        var path = $"/admin/people/{await site.IdAsync(Anna):D}";

        Says(await admin.SubmitAsync(await admin.GetAsync(path), "End all sessions"), "have ended");
        Assert.Equal("/sign-in", (await anna.GetAsync("/account")).Url.AbsolutePath);
        var page = await admin.SubmitAsync(await admin.GetAsync(path), "Disable the account");
        Assert.Contains("The account is disabled since", page.Document.QuerySelector(".answer")!.TextContent, StringComparison.Ordinal);
        Says(await admin.SubmitAsync(page, "Enable the account"), "enabled again");

        page = await admin.SubmitAsync(await admin.GetAsync(path), "Delete for good");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Assert.Equal("Type the word delete.", page.Document.GetElementById("confirm-error")!.TextContent.Trim());
        page = await admin.SubmitAsync(page, "Delete for good", ("confirm", "delete"));
        Says(page, "The account is deleted.");
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Administrators_do_not_lock_themselves_out()
    {
        var admin = await site.SignInAsync();
        var path = $"/admin/people/{await site.IdAsync(Administrator):D}";
        foreach (var (button, fields) in new (string, (string, string)[])[] { ("Disable the account", []), ("Take the role", []), ("Delete for good", [("confirm", "delete")]) })
        {
            var page = await admin.SubmitAsync(await admin.GetAsync(path), button, fields);
            Assert.Equal(HttpStatusCode.Conflict, page.Status);
            Assert.Contains("another administrator", Alert(page), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_role_is_given_and_taken()
    {
        var admin = await site.SignInAsync();
        var path = $"/admin/people/{await site.IdAsync(Anna):D}";

        Says(await admin.SubmitAsync(await admin.GetAsync(path), "Make an administrator"), "roles are changed");
        var anna = await site.SignInAsync(Anna);
        Assert.Equal(HttpStatusCode.OK, (await anna.GetAsync("/admin")).Status);
        Says(await admin.SubmitAsync(await admin.GetAsync(path), "Take the role"), "roles are changed");
        Assert.Equal(HttpStatusCode.NotFound, (await anna.GetAsync("/admin")).Status);
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();
}
