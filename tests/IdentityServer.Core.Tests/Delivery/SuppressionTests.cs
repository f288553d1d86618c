using IdentityServer.Core.Delivery;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class SqliteSuppressionTests(SqliteDatabase database) : SuppressionTests(database), IClassFixture<SqliteDatabase>;

public sealed class PostgresSuppressionTests(PostgresDatabase database) : SuppressionTests(database), IClassFixture<PostgresDatabase>;

/// <summary>Who opted out, and where nobody reads, is left alone until somebody lifts that or the time is over.</summary>
public abstract class SuppressionTests(TestDatabase database) : DeliveryTests(database)
{
    [Fact]
    public async Task A_suppressed_number_gets_nothing_until_it_is_lifted_or_the_time_is_over()
    {
        var reason = (SendResult)new SendResult.Rejected("STOP", SuppressionReason.OptedOut);
        var a = Sms("a", (_, _) => Task.FromResult(reason));
        var instance = await StartAsync(a, Sms("b"));
        await RowAsync(await TextAsync(instance), message => message.LastError == "STOP");
        reason = new SendResult.Accepted(null);

        var suppressed = await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Failed);
        Assert.Contains("suppression", suppressed.LastError, StringComparison.Ordinal);
        Assert.Empty(suppressed.Recipient);
        Assert.Equal(1, a.Tries);
        await RowAsync(await TextAsync(instance, "+989123456780"), message => message.Status == MessageStatus.Sent);

        var list = instance.Services.GetRequiredService<Suppressions>();
        Assert.True(await list.LiftAsync(Channel.Sms, "+989123456789", default));
        Assert.False(await list.LiftAsync(Channel.Sms, "+989123456789", default));
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Sent);

        await list.AddAsync(instance.Services.GetRequiredService<MessageSeal>().Hash(Channel.Sms, "+989123456789"), SuppressionReason.DeadAddress, "a");
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Failed);
        Database.Clock.Advance(TimeSpan.FromMinutes(61));
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Sent);
    }

    [Fact]
    public async Task What_is_suppressed_is_listed_without_the_address_and_found_by_it()
    {
        var instance = await StartAsync(Sms("a", (message, _) => Task.FromResult<SendResult>(new SendResult.Rejected(
            "no", message.To.EndsWith('0') ? SuppressionReason.DeadAddress : SuppressionReason.OptedOut))));
        var list = instance.Services.GetRequiredService<Suppressions>();
        Assert.Empty(await list.ListAsync(10, default));
        await RowAsync(await TextAsync(instance), message => message.Status == MessageStatus.Failed);
        await RowAsync(await TextAsync(instance, "+989123456780"), message => message.Status == MessageStatus.Failed);

        var now = Database.Clock.Now;
        SuppressedAddress optedOut = new("OptedOut", "a", now, now.AddDays(30)), dead = new("DeadAddress", "a", now, now.AddHours(1));
        Assert.Equal([optedOut, dead], await list.ListAsync(10, default));
        Assert.Equal([optedOut], await list.ListAsync(1, default));
        Assert.Equal(optedOut, await list.FindAsync(Channel.Sms, "+989123456789", default));
        Assert.Equal(dead, await list.FindAsync(Channel.Sms, "+989123456780", default));
        Assert.Null(await list.FindAsync(Channel.Email, "+989123456780", default));
        Assert.Null(await list.FindAsync(Channel.Sms, "+989123456781", default));

        // What is over holds nobody back, whether it is pruned or not.
        Database.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal([optedOut], await list.ListAsync(10, default));
        Assert.Null(await list.FindAsync(Channel.Sms, "+989123456780", default));
        Assert.False(await list.LiftAsync(Channel.Sms, "+989123456780", default));
        Assert.True(await list.LiftAsync(Channel.Sms, "+989123456789", default));
        Assert.Empty(await list.ListAsync(10, default));
    }

    [Fact]
    public async Task A_mailbox_is_suppressed_and_lifted_in_whatever_case_it_is_written()
    {
        var instance = await StartAsync(new TestSender((_, _) => Task.FromResult<SendResult>(new SendResult.Rejected("no such mailbox", SuppressionReason.DeadAddress))));
        await RowAsync(await QueueAsync(instance), message => message.Status == MessageStatus.Failed);

        var list = instance.Services.GetRequiredService<Suppressions>();
        Assert.NotNull(await list.FindAsync(Channel.Email, "Ada@example.org", default));
        Assert.True(await list.LiftAsync(Channel.Email, "ADA@example.org", default));
        Assert.Null(await list.FindAsync(Channel.Email, "ada@example.org", default));
    }

    [Fact]
    public async Task Who_opted_out_stays_left_alone_after_a_new_master_key()
    {
        byte[] before = [.. Enumerable.Repeat((byte)1, 32)], now = [.. Enumerable.Repeat((byte)2, 32)];
        Suppressions Known(params byte[][] masters) => new(
            Database.Services.GetRequiredService<IDbContextFactory<ServerDb>>(), Seal(masters), Options.Create(new DeliveryOptions()), Database.Clock);

        await Known(before).AddAsync(Seal(before).Hash(Channel.Email, "ada@example.org"), SuppressionReason.OptedOut, "a");
        Assert.False(await Known(now).HoldAsync(Channel.Email, "ada@example.org"));
        Assert.True(await Known(now, before).HoldAsync(Channel.Email, "ada@example.org"));

        // Told once more, by the new key: both are lifted, and the longer one is shown.
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        await Known(now, before).AddAsync(Seal(now, before).Hash(Channel.Email, "ada@example.org"), SuppressionReason.OptedOut, "b");
        Assert.Equal("b", (await Known(now, before).FindAsync(Channel.Email, "ada@example.org", default))!.Provider);
        Assert.True(await Known(now, before).LiftAsync(Channel.Email, "ada@example.org", default));
        Assert.False(await Known(before).HoldAsync(Channel.Email, "ada@example.org"));
        Assert.False(await Known(now).HoldAsync(Channel.Email, "ada@example.org"));
    }

    private static MessageSeal Seal(params byte[][] masters) => new(new EphemeralDataProtectionProvider(), new MasterKeys(masters));
}
