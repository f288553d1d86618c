using System.Net;
using IdentityServer.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IdentityServer.Tests.Hosting;

/// <summary>Whose word about the client's address is taken.</summary>
public sealed class ProxyTests
{
    // A12
    [Theory]
    [InlineData(null, 2)]
    [InlineData("192.0.2.1", 2)]
    [InlineData("127.0.0.0/8", 5)]
    public async Task A_forwarded_address_counts_only_from_a_trusted_proxy(string? trusted, int mayStart)
    {
        (string, string)[] settings = [("Limits:StartsPerNetworkAndHour", "2"), ("Limits:StartsPerApplicationAndHour", "2000")];
        await using var server = new Server([.. settings, .. trusted is null ? [] : new[] { ("Hosting:TrustedProxies:0", trusted) }]);
        var started = 0;
        for (var visitor = 0; visitor < 5; visitor++)
        {
            using var client = server.NewClient(IPAddress.Loopback);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/otp")
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["client_id"] = "native", ["address"] = $"visitor{visitor}@mail.example" }),
            };
            request.Headers.Add("X-Forwarded-For", $"203.0.{visitor}.7");
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            started += answer.IsSuccessStatusCode ? 1 : 0;
            if (!answer.IsSuccessStatusCode)
                Assert.Equal(TimeSpan.FromHours(1), answer.Headers.RetryAfter!.Delta);
        }

        Assert.Equal(mayStart, started);
    }

    // A12
    [Fact]
    public void When_all_requests_share_one_private_address_it_is_said_once()
    {
        var log = new Journal();
        var watch = new ProxyWatch(log);
        for (var request = 0; request < 2 * ProxyWatch.Requests; request++)
            watch.See(From("10.0.0.7"));

        Assert.Contains("10.0.0.7", Assert.Single(log.Warnings), StringComparison.Ordinal);
        Assert.Contains("Hosting:TrustedProxies", log.Warnings[0], StringComparison.Ordinal);
    }

    // A12
    [Fact]
    public void A_forwarded_request_from_where_nobody_is_believed_is_said_at_once()
    {
        var log = new Journal();
        new ProxyWatch(log).See(From("172.18.0.2", forwarded: true));

        Assert.Single(log.Warnings);
    }

    [Theory]
    [InlineData("10.0.0.7", "10.0.0.8")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    public void Several_or_public_addresses_are_no_reason_to_warn(string first, string others)
    {
        var log = new Journal();
        var watch = new ProxyWatch(log);
        watch.See(From(first));
        for (var request = 0; request < 2 * ProxyWatch.Requests; request++)
            watch.See(From(others));

        Assert.Empty(log.Warnings);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("172.31.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("2001:db8::1", false)]
    [InlineData("8.8.8.8", false)]
    public void Private_addresses_are_known(string address, bool isPrivate) => Assert.Equal(isPrivate, ProxyWatch.IsPrivate(IPAddress.Parse(address)));

    private static DefaultHttpContext From(string address, bool forwarded = false)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        if (forwarded)
            context.Request.Headers["X-Forwarded-For"] = "203.0.113.1";
        return context;
    }

    private sealed class Journal : ILogger<ProxyWatch>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Warnings.Add(formatter(state, exception));
    }
}
