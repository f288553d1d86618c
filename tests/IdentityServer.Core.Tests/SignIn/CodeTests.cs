using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Tests.SignIn;

/// <summary>A server where one address may ask often: what is tested is what codes cost.</summary>
public abstract class CodeTests
{
    private static readonly Dictionary<string, string?> Generous = new()
    {
        ["Limits:MessagesPerAddressAndHour"] = "1000",
        ["Limits:MessagesPerAddressAndDay"] = "1000",
        ["Limits:StartsPerNetworkAndHour"] = "1000",
    };

    
    protected CodeTests(TestDatabase database)
    {
        database.SkipIfMissing();
        Server = new SignInServer(database, Generous);
    }

    protected SignInServer Server { get; }

    protected async Task<(Guid Challenge, Core.Users.Visitor Browser)> KnownAsync()
    {
        var (address, browser) = (SignInServer.NewAddress(), SignInServer.NewBrowser());
        await Server.AddUserAsync(address);
        return (await Server.StartAsync(address, browser), browser);
    }

    protected async Task<int> FailuresAsync(Guid challenge)
    {
        var row = await Server.ChallengeAsync(challenge);
        var key = "code-failures:" + System.Buffers.Text.Base64Url.EncodeToString(row.AddressHash);
        return await Server.ReadAsync(db => db.Counters.Where(counter => counter.Key == key).Select(counter => (int)counter.Count).SingleOrDefaultAsync());
    }
}
