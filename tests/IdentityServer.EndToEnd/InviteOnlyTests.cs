using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;
using static IdentityServer.EndToEnd.Screens;

namespace IdentityServer.EndToEnd;

/// <summary>A server of its own where new people need an invitation.</summary>
public sealed class InviteOnlyServer : IAsyncLifetime
{
    public ServerProcess Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(("SignIn__InviteOnly", "true"), ("Limits__StartsPerNetworkAndHour", "1000"));

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>Where nobody comes in uninvited, in a language of each direction: without a code, with a wrong one, and with that of somebody who is in.</summary>
public sealed class InviteOnlyTests(Stack stack, InviteOnlyServer invites) : IClassFixture<InviteOnlyServer>
{
    private readonly ServerProcess server = invites.Server;

    [Theory]
    [MemberData(nameof(EveryPageTests.Directions), MemberType = typeof(EveryPageTests))]
    public async Task Only_who_is_invited_comes_in(string language)
    {
        var screens = new Screens(language[..2], Look.For(language));
        var host = await stack.NewPersonAsync(language: language);
        await ProveAsync(host, "anna@example.com");
        await host.GotoAsync($"{server.Address}/account/invitation");
        var code = await host.Locator(".ticket code").InnerTextAsync();

        var guest = await stack.NewPersonAsync(language: language);
        var address = $"guest-{screens.Variant}@example.com";
        await ProveAsync(guest, address);
        await screens.ShowAsync(guest, "invited-details");
        await guest.Locator("#name").FillAsync("Gustav Guest");
        foreach (var (name, typed) in new[] { ("missing", ""), ("unknown", "ABCDEF") })
        {
            await guest.Locator("#invitation").FillAsync(typed);
            await AnsweredAsync(guest, () => guest.Keyboard.PressAsync("Enter"));
            await screens.ShowAsync(guest, $"invited-details-{name}");
        }

        await guest.Locator("#invitation").FillAsync(code.ToLowerInvariant());
        await guest.Locator("#invitation").PressAsync("Enter");
        await guest.ArriveAsync("/account$");
        await guest.GotoAsync($"{server.Address}/account/invitation");
        await Assertions.Expect(guest.GetByRole(AriaRole.Main)).ToContainTextAsync(code);
        await guest.Context.CloseAsync();
        await host.Context.CloseAsync();
    }

    private async Task ProveAsync(IPage page, string address)
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-0.5);
        await page.GotoAsync($"{server.Address}/sign-in");
        await TypeAsync(page, address);
        await FillCodeAsync(page, (await server.MailAsync(address, before)).Code!);
    }
}
