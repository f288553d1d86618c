using Xunit;

namespace IdentityServer.Tests.Management;

public sealed class RegistrationApiTests(AccountApiServer server) : IClassFixture<AccountApiServer>
{
    [Fact]
    public async Task A_person_registers_activates_and_gets_tokens_for_address_and_code()
    {
        const string Address = "walk@register.example";
        var stranger = server.Stranger();
        var registered = await stranger.PostAsync("/users", new { email = Address, name = "Wanda Walk", given_name = "Wanda", locale = "de" });
        Assert.Equal((202, "300", "30", "6"), (registered.Status, registered["expires_in"], registered["resend_in"], registered["code_length"]));

        var mail = (await server.MailsAsync(Address))[0];
        Assert.Equal(400, (await stranger.PostAsync("/users/activation", new { address = Address, code = Wrong(mail.Code!) })).Status);
        Assert.Equal(204, (await stranger.PostAsync("/users/activation", new { address = Address, code = mail.Code! })).Status);

        var tokens = await server.SignInAsync(Address);
        var me = await new AccountApi(server, tokens.AccessToken).GetAsync("/me");
        Assert.Equal(("Wanda Walk", "Wanda", "de", "True"), (me["name"], me["given_name"], me["locale"], me["email_verified"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\"anna@example.com\"")]
    public async Task What_is_no_object_is_refused_in_words_for_people(string body)
    {
        var answer = await server.Stranger().PostAsync("/users", body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer["code"]));
        Assert.Equal("The request cannot be read: send the JSON object that the API's description shows.", answer["detail"]);
    }

    [Fact]
    public async Task Every_failed_activation_is_the_same_400()
    {
        var stranger = server.Stranger();
        await stranger.PostAsync("/users", new { email = "same@register.example" });
        await stranger.PostAsync("/users", new { email = "anna@example.com" });
        var code = await server.CodeAsync("same@register.example");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (address, typed) in new[]
        {
            ("same@register.example", Wrong(code)), ("anna@example.com", "123456"), ("nobody@register.example", "123456"), ("no address", "123456"),
            ("same@register.example", ""), ("same@register.example", "not a code"), ("disabled@example.com", "123456"),
        })
        {
            var answer = await stranger.PostAsync("/users/activation", new { address, code = typed });
            Assert.Equal(400, answer.Status);
            seen.Add(string.Join(' ', answer.Body.EnumerateObject().Where(part => !part.Name.StartsWith("trace", StringComparison.Ordinal)).Select(part => $"{part.Name}={part.Value}")));
        }

        Assert.Single(seen);
    }

    [Fact]
    public async Task Free_and_taken_addresses_are_answered_alike_and_the_owner_is_told()
    {
        var stranger = server.Stranger();
        var answers = new List<string>();
        foreach (var address in new[] { "anna@example.com", "disabled@example.com", "free@register.example" })
        {
            var answer = await stranger.PostAsync("/users", new { email = address, name = "Mallory" });
            answers.Add($"{answer.Status} {answer.Body.GetRawText()} {answer.ETag}");
        }

        Assert.Single(answers.Distinct(StringComparer.Ordinal));
        Assert.Contains("already have an account", (await server.MailsAsync("anna@example.com"))[0].Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_is_sent_again_without_credentials_within_the_limits()
    {
        const string Address = "again@register.example";
        var stranger = server.Stranger();
        await stranger.PostAsync("/users", new { email = Address });
        var early = await stranger.PostAsync("/users/code", new { address = Address });
        Assert.Equal(429, early.Status);
        Assert.InRange(early.RetryAfter!.Value.TotalSeconds, 1, 30);

        var first = await server.CodeAsync(Address);
        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(202, (await stranger.PostAsync("/users/code", new { address = Address })).Status);
        Assert.Equal(202, (await stranger.PostAsync("/users/code", new { address = "unknown@register.example" })).Status);
        var second = await server.CodeAsync(Address, 2);
        if (first != second)
            Assert.Equal(400, (await stranger.PostAsync("/users/activation", new { address = Address, code = first })).Status);
        Assert.Equal(204, (await stranger.PostAsync("/users/activation", new { address = Address, code = second })).Status);
    }

    [Theory]
    [InlineData("{}", "email")]
    [InlineData("""{"email":"nonsense"}""", "email")]
    [InlineData("""{"phone_number":"12"}""", "phone_number")]
    [InlineData("""{"email":"a@b.example","name":" "}""", "name")]
    [InlineData("""{"email":"a@b.example","locale":"tlh"}""", "locale")]
    [InlineData("""{"email":"a@b.example","invitation":"AAAAAA"}""", "invitation")]
    [InlineData("""{"email":"a@b.example","email_verified":true}""", "email_verified")]
    [InlineData("""{"email":"a@b.example","is_admin":true}""", "is_admin")]
    [InlineData("""{"email":42}""", "email")]
    public async Task What_is_wrong_is_named_by_field(string body, string field)
    {
        var answer = await server.Stranger().PostAsync("/users", body);
        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Equal([field], answer.Fields);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    public async Task What_is_no_object_is_a_bad_request(string body)
    {
        foreach (var path in new[] { "/users", "/users/activation", "/users/code" })
            Assert.Equal((400, "application/problem+json"), await StatusAsync(path, body));
    }

    [Fact]
    public async Task An_administrators_token_makes_users_and_a_bad_one_makes_nobody()
    {
        var machine = await server.MachineAsync();
        var made = await machine.PostAsync("/users", new { email = "made@register.example", email_verified = true, name = "Mara Made" });
        Assert.Equal((201, "True"), (made.Status, made["active"]));
        Assert.NotNull(made.ETag);
        Assert.Equal((409, "address_taken"), ((await machine.PostAsync("/users", new { email = "made@register.example" })).Status, (await machine.PostAsync("/users", new { email = "made@register.example" })).Code));
        Assert.Equal(201, (await machine.PostAsync("/users", new { email = "asked@register.example", send_code = true })).Status);
        Assert.Equal(204, (await server.Stranger().PostAsync("/users/activation", new { address = "asked@register.example", code = await server.CodeAsync("asked@register.example") })).Status);

        Assert.Equal(401, (await new AccountApi(server, "nonsense").PostAsync("/users", new { email = "bad@register.example" })).Status);
        Assert.Equal(403, (await (await server.MachineAsync("users:read")).PostAsync("/users", new { email = "bad@register.example" })).Status);
        Assert.Equal(403, (await (await server.NewPersonAsync()).PostAsync("/users", new { email = "bad@register.example" })).Status);
        Assert.Empty(await server.MailsAsync("bad@register.example", 0));
    }

    [Fact]
    public async Task Where_registration_is_closed_strangers_are_told()
    {
        await using var closed = new AccountApiServer(("SignIn:SignUp", "false"));
        var answer = await closed.Stranger().PostAsync("/users", new { email = "a@b.example" });
        Assert.Equal((403, "registration_closed"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Who_asks_too_often_waits_and_others_do_not()
    {
        await using var busy = new AccountApiServer(("Limits:ApiRequestsPerCallerAndMinute", "3"));
        var person = await busy.NewPersonAsync();
        for (var round = 0; round < 3; round++)
            Assert.Equal(200, (await person.GetAsync("/me")).Status);
        var refused = await person.GetAsync("/me");
        Assert.Equal((429, "too_many_requests"), (refused.Status, refused.Code));
        Assert.InRange(refused.RetryAfter!.Value.TotalSeconds, 1, 60);
        Assert.Equal(200, (await (await busy.NewPersonAsync()).GetAsync("/me")).Status);
    }

    [Fact]
    public async Task By_invitation_only_the_code_grant_asks_for_the_invitation()
    {
        await using var inviting = new AccountApiServer(("SignIn:InviteOnly", "true"));
        var anna = await new AccountApi(inviting, (await inviting.SignInAsync("anna@example.com")).AccessToken).GetAsync("/me");
        var code = anna.Body.GetProperty("invitation").GetProperty("code").GetString()!;
        Assert.Equal(["invitation"], (await inviting.Stranger().PostAsync("/users", new { email = "guest@invite.example" })).Fields);

        var native = inviting.Native();
        var started = await native.PostAsync("/connect/otp", ("address", "guest@invite.example"), ("scope", "openid account"));
        (string, string)[] form = [("grant_type", OneTimeCodeGrantTests.Grant), ("challenge", started.Value("challenge")!), ("otp", await inviting.CodeAsync("guest@invite.example")), ("name", "Gus Guest")];
        Assert.Equal("invitation_required", (await native.TokenAsync(form)).Error);
        Assert.Equal("invitation_required", (await native.TokenAsync([.. form, ("invitation", "AAAAAA")])).Error);
        var tokens = await native.TokenAsync([.. form, ("invitation", code)]);
        Assert.Equal(200, tokens.Status);
        var guest = await new AccountApi(inviting, tokens.AccessToken).GetAsync("/me");
        Assert.Equal(code, guest.Body.GetProperty("invitation").GetProperty("used_code").GetString());
    }

    private async Task<(int, string?)> StatusAsync(string path, string body)
    {
        var answer = await server.Stranger().PostAsync(path, body);
        return (answer.Status, answer.ContentType);
    }

    private static string Wrong(string code) => code == "111111" ? "222222" : "111111";
}
