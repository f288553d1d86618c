using IdentityServer.Protocol.Authorize;
using IdentityServer.Protocol.EndSession;
using IdentityServer.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Protocol.Tests.Authorize;

public sealed class ParkedRequestsTests
{
    private static readonly EphemeralDataProtectionProvider Protection = new();

    private readonly TestClock clock = new();
    private readonly ParkedRequests parked;

    public ParkedRequestsTests() => parked = new ParkedRequests(Protection, Options.Create(new ProtocolOptions()), clock);

    [Fact]
    public void What_was_parked_is_what_is_opened()
    {
        var request = Request() with
        {
            State = "\"<\u2603\ud83d\ude00>&+'\\",
            Nonce = "n",
            CodeChallenge = "c",
            Prompts = ["login"],
            MaxAge = 0,
            LoginHint = "ann@example.com",
            UiLocales = ["de"],
            ExpectedUserId = Guid.Empty,
            Denied = true,
        };
        var opened = parked.Open(parked.Park(request))!;
        Assert.Equivalent(request, opened, strict: true);
        Assert.Equal(0, opened.MaxAge);
        Assert.Equal(Guid.Empty, opened.ExpectedUserId);
    }

    [Fact]
    public void It_is_safe_in_a_URL_as_it_is() => Assert.Matches("^[A-Za-z0-9_-]+$", parked.Park(Request()));

    [Fact]
    public void It_lives_as_long_as_a_request_may_take()
    {
        var sealedRequest = parked.Park(Request());
        clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.NotNull(parked.Open(sealedRequest));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(parked.Open(sealedRequest));
    }

    [Fact]
    public void Nobody_can_alter_it()
    {
        var sealedRequest = parked.Park(Request());
        for (var at = 0; at < sealedRequest.Length - 1; at += 7)
        {
            var altered = sealedRequest[..at] + (sealedRequest[at] == 'A' ? 'B' : 'A') + sealedRequest[(at + 1)..];
            Assert.Null(parked.Open(altered));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("\0\u2603")]
    public void Nonsense_is_nothing(string? text) => Assert.Null(parked.Open(text));

    [Fact]
    public void What_was_sealed_for_another_purpose_is_nothing()
    {
        var signOuts = new ParkedSignOuts(Protection, Options.Create(new ProtocolOptions()), clock);
        Assert.Null(parked.Open(signOuts.Park(new EndSessionRequest { ReceivedAt = clock.Now })));
        Assert.Null(signOuts.Open(parked.Park(Request())));
        Assert.NotNull(signOuts.Open(signOuts.Park(new EndSessionRequest { ReceivedAt = clock.Now })));
    }

    private AuthorizeRequest Request() => new()
    {
        ClientId = "spa",
        RedirectUri = "https://app.example/callback",
        ResponseMode = ResponseModes.Query,
        Scopes = ["openid"],
        ReceivedAt = clock.Now,
    };
}
