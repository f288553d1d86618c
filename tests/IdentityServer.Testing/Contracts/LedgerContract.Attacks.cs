using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Testing.Contracts;

// What many do at the same time.
public abstract partial class LedgerContract
{
    private const int Rounds = 20;
    private const int Attackers = 16;

    [Fact]
    public async Task Parallel_redemptions_of_one_code_have_one_winner_and_only_the_winner_writes()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (authorization, code) = await CommittedAsync(TokenKind.Code);
            var bought = Enumerable.Range(0, Attackers).Select(_ => NewToken(TokenKind.RefreshFamily, authorization)).ToList();

            var won = await AtOnceAsync(attacker =>
                CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now), Tokens = [bought[attacker]] }));

            Assert.Single(won, true);
            for (var attacker = 0; attacker < Attackers; attacker++)
                Assert.Equal(won[attacker], await FindAsync(bought[attacker]) is not null);
        }
    }

    [Fact]
    public async Task Parallel_advances_of_one_family_have_one_winner()
    {
        var (_, family) = await CommittedAsync(TokenKind.RefreshFamily);
        for (var generation = 1; generation <= Rounds; generation++)
        {
            var current = generation;
            var won = await AtOnceAsync(_ =>
                CommitAsync(new Issuance { Spend = new Spend.Advance(family.Id, current, Now.AddDays(30)) }));

            Assert.Single(won, true);
            Assert.Equal(generation + 1, (await FindAsync(family))!.Generation);
        }
    }

    [Fact]
    public async Task Redemptions_and_revocations_at_once_all_come_to_an_end()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (authorization, code) = await CommittedAsync(TokenKind.Code);
            var family = NewToken(TokenKind.RefreshFamily, authorization) with { Generation = 1 };

            await AtOnceAsync(attacker => attacker % 2 == 0
                ? RevokeAsync(authorization, Now)
                : CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now), Tokens = [family with { Id = NewId(), Reference = Suffix() }] }));

            Assert.NotNull((await UseAsync(ledger => ledger.FindAuthorizationAsync(authorization.Id, default)))!.RevokedAt);
            Assert.NotEqual(TokenStatus.Valid, (await FindAsync(code))!.Status);
        }
    }

    [Fact]
    public async Task Parallel_consumption_of_one_id_has_one_winner()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var id = Suffix();
            Assert.Single(await AtOnceAsync(_ => ConsumeAsync(id)), true);
        }
    }

    private static async Task<bool[]> AtOnceAsync(Func<int, Task<bool>> attack)
    {
        using var start = new ManualResetEventSlim();
        var tasks = Enumerable.Range(0, Attackers).Select(attacker => Task.Run(async () =>
        {
            start.Wait();
            return await attack(attacker);
        })).ToList();
        start.Set();
        return await Task.WhenAll(tasks);
    }
}
