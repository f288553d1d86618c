using System.Net;
using IdentityServer.Testing;
using Xunit;
using static IdentityServer.Tests.UI.Admin.AdminSite;

namespace IdentityServer.Tests.UI.Admin;

/// <summary>Applications and scopes: the guide, settings, secrets, deletion, and what configuration holds.</summary>
public sealed class ApplicationPagesTests : IAsyncDisposable
{
    private readonly AdminSite site = new();

    [Theory]
    [InlineData("spa", "oidc-client-ts", false)]
    [InlineData("web", "openid-client", true)]
    [InlineData("native", "AppAuth", false)]
    public async Task The_guide_registers_what_then_signs_people_in(string kind, string snippet, bool hasSecret)
    {
        var admin = await site.SignInAsync();
        var form = await FormAsync(admin, kind);
        var uri = kind == "native" ? "com.example.shop:/callback" : "https://shop.example/callback";
        var page = await admin.SubmitAsync(form, "Create", ("DisplayName", "My Shop"), ("RedirectUris", uri), ("IsOurs", "true"));

        Says(page, "The application is registered.");
        Assert.Equal("?id=my-shop&notice=created", page.Url.Query);
        Assert.Contains(snippet, page.Document.QuerySelector(".snippet")!.ParentElement!.TextContent, StringComparison.Ordinal);
        var secret = page.Document.QuerySelector(".secret")?.TextContent;
        Assert.Equal(hasSecret, secret is not null);
        Assert.Null((await admin.GetAsync(page.Url.PathAndQuery)).Document.QuerySelector(".secret"));

        var app = new RelyingParty(site.Server.NewClient(), "my-shop", uri, secret);
        var attempt = app.Authorize("openid profile");
        var back = await site.Server.SignInAsync(site.Server.NewBrowser(), "anna@example.com", attempt.Url);
        Assert.StartsWith(uri, back.Url.ToString(), StringComparison.Ordinal);
        Assert.NotNull((await app.RedeemAsync(back.Query("code")!, attempt.Verifier)).IdToken);
        Assert.Contains("ApplicationChanged", await site.AuditAsync());
    }

    [Fact]
    public async Task The_guide_registers_machines_and_one_time_code_apps()
    {
        var admin = await site.SignInAsync();
        var page = await admin.SubmitAsync(await FormAsync(admin, "machine"), "Create", ("DisplayName", "Nightly job"), ("ClientId", "job"), ("Scopes", "notes"));
        var machine = new RelyingParty(site.Server.NewClient(), "job", "", page.Document.QuerySelector(".secret")!.TextContent);
        Assert.NotNull((await machine.TokenAsync(("grant_type", "client_credentials"), ("scope", "notes"))).AccessToken);

        page = await admin.SubmitAsync(await FormAsync(admin, "native"), "Create", ("DisplayName", "Pocket"), ("TakesCodes", "true"));
        Says(page, "The application is registered.");
        Assert.Contains("/connect/otp", page.Document.QuerySelector(".snippet")!.TextContent, StringComparison.Ordinal);
        var native = new RelyingParty(site.Server.NewClient(), "pocket", "");
        Assert.Equal(200, (await native.PostAsync("/connect/otp", ("address", "anna@example.com"), ("scope", "openid"))).Status);
    }

    [Theory]
    [InlineData("http://shop.example/callback")]
    [InlineData("https://*.shop.example/callback")]
    [InlineData("https://shop.example/callback#x")]
    [InlineData("")]
    public async Task A_redirect_uri_that_is_not_safe_is_refused_beside_its_field(string uri)
    {
        var admin = await site.SignInAsync();
        var page = await admin.SubmitAsync(await FormAsync(admin, "spa"), "Create", ("DisplayName", "Shop"), ("RedirectUris", uri));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Assert.NotEmpty(page.Document.GetElementById("RedirectUris-error")!.TextContent.Trim());
        var field = page.Document.GetElementById("RedirectUris")!;
        Assert.Equal(("true", uri), (field.GetAttribute("aria-invalid"), field.TextContent));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync("/admin/application?id=shop")).Status);
    }

    [Fact]
    public async Task A_client_id_that_is_taken_or_wrong_is_refused_beside_its_field()
    {
        var admin = await site.SignInAsync();
        foreach (var clientId in new[] { "spa", "no spaces" })
        {
            var page = await admin.SubmitAsync(await FormAsync(admin, "spa"), "Create", ("DisplayName", "Shop"), ("ClientId", clientId), ("RedirectUris", "https://shop.example/callback"));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        }
    }

    [Fact]
    public async Task Settings_are_changed_and_what_breaks_the_rules_or_comes_late_is_refused()
    {
        var admin = await NewWebAppAsync();
        var page = await admin.GetAsync("/admin/application?id=shop");
        var saved = await admin.SubmitAsync(page, "Save", ("DisplayName", "The Shop"), ("AccessTokenLifetime", "00:05:00"));
        Says(saved, "Saved.");
        Assert.Equal(("The Shop", "00:05:00"), (saved.Document.QuerySelector("h1")!.TextContent, saved.Document.GetElementById("AccessTokenLifetime")!.GetAttribute("value")));

        var late = await admin.SubmitAsync(page, "Save", ("DisplayName", "Too late"));
        Assert.Contains("Somebody else changed it", Alert(late), StringComparison.Ordinal);
        var wrong = await admin.SubmitAsync(saved, "Save", ("CodeLifetime", "soon"), ("RedirectUris", "http://shop.example/"), ("DisplayName", " "));
        foreach (var field in new[] { "CodeLifetime", "RedirectUris", "DisplayName" })
            Assert.NotEmpty(wrong.Document.GetElementById($"{field}-error")!.TextContent.Trim());
        Assert.Equal("The Shop", (await admin.GetAsync("/admin/application?id=shop")).Document.QuerySelector("h1")!.TextContent);
    }

    [Fact]
    public async Task Secrets_are_rotated_one_beside_the_other()
    {
        var admin = await NewWebAppAsync();
        var page = await admin.GetAsync("/admin/application?id=shop");
        Assert.DoesNotContain(page.Document.QuerySelectorAll("button"), button => button.TextContent == "Remove");
        page = await admin.SubmitAsync(page, "Add a secret");
        Assert.NotNull(page.Document.QuerySelector(".secret"));
        Assert.Equal(2, page.Document.QuerySelectorAll("button").Count(button => button.TextContent == "Remove"));

        page = await admin.SubmitAsync(page, "Remove");
        Says(page, "The secret is removed.");
        for (var more = 0; more < 4; more++)
            page = await admin.SubmitAsync(page, "Add a secret");
        page = await admin.SubmitAsync(page, "Add a secret");
        Assert.Contains("It has 5 secrets", Alert(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_is_deleted_when_its_client_id_is_typed()
    {
        var admin = await NewWebAppAsync();
        var page = await admin.SubmitAsync(await admin.GetAsync("/admin/application?id=shop"), "Delete for good", ("confirm", "ship"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        page = await admin.SubmitAsync(page, "Delete for good", ("confirm", "shop"));

        Says(page, "The application is deleted");
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync("/admin/application?id=shop")).Status);
    }

    [Fact]
    public async Task What_configuration_declares_can_be_looked_at_only()
    {
        var admin = await site.SignInAsync();
        foreach (var path in new[] { "/admin/application?id=spa", "/admin/scope?name=notes", "/admin/scope?name=openid" })
        {
            var page = await admin.GetAsync(path);
            Assert.NotNull(page.Document.QuerySelector(".edit fieldset[disabled]"));
            Assert.DoesNotContain(page.Document.QuerySelectorAll(".admin-main button"), button => button.TextContent is "Save" or "Delete for good");
        }

        var keys = await admin.GetAsync("/admin/keys");
        var token = keys.Document.QuerySelector("input[name=form-token]")!.GetAttribute("value")!;
        foreach (var (path, field) in new[] { ("/admin/application?id=spa&handler=Delete", "spa"), ("/admin/application?id=spa&handler=Save", ""), ("/admin/scope?name=notes&handler=Save", ""), ("/admin/scope?name=openid&handler=Delete", "openid") })
        {
            using var forced = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("form-token", token), new("confirm", field)]) };
            Assert.Equal(HttpStatusCode.Conflict, (await admin.FollowAsync(forced)).Status);
        }
    }

    [Fact]
    public async Task Scopes_are_added_changed_and_deleted()
    {
        var admin = await site.SignInAsync();
        var page = await admin.SubmitAsync(await admin.GetAsync("/admin/scope"), "Save", ("NewName", "a b"));
        Assert.NotEmpty(page.Document.GetElementById("Name-error")!.TextContent.Trim());
        page = await admin.SubmitAsync(page, "Save", ("NewName", "orders:read"), ("Resources", "https://orders.example\nurn:orders"));
        Says(page, "Saved.");
        page = await admin.SubmitAsync(page, "Save", ("DisplayName", "Your orders"));
        Assert.Contains("Your orders", (await admin.GetAsync("/admin/scopes?q=orders")).Text, StringComparison.Ordinal);
        page = await admin.SubmitAsync(page, "Delete for good", ("confirm", "orders"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, page.Status);
        Says(await admin.SubmitAsync(page, "Delete for good", ("confirm", "orders:read")), "The scope is deleted.");
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();

    private async Task<Browser> NewWebAppAsync()
    {
        var admin = await site.SignInAsync();
        Says(await admin.SubmitAsync(await FormAsync(admin, "web"), "Create", ("DisplayName", "Shop"), ("RedirectUris", "https://shop.example/callback")), "registered");
        return admin;
    }

    private static async Task<Page> FormAsync(Browser admin, string kind)
    {
        var kinds = await admin.GetAsync("/admin/new-application");
        return await admin.GetAsync(kinds.Document.QuerySelector($"a[href$='kind={kind}']")!.GetAttribute("href")!);
    }
}
