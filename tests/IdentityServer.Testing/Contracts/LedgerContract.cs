using System.Globalization;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Xunit;

namespace IdentityServer.Testing.Contracts;

/// <summary>What every ledger promises, parallel attacks included. Derive it for each kind of storage.</summary>
public abstract partial class LedgerContract
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Runs <paramref name="use"/> on a ledger of its own over the one store of this test, as a request would: several run at once.</summary>
    protected abstract Task<T> UseAsync<T>(Func<ILedger, Task<T>> use);

    /// <summary>The row id of a new application that the store knows.</summary>
    protected virtual Task<Guid> ApplicationAsync() => Task.FromResult(NewId());

    /// <summary>The id of a new user that the store knows.</summary>
    protected virtual Task<Guid> UserAsync() => Task.FromResult(NewId());

    [Fact]
    public async Task What_is_committed_is_found_as_it_was_written()
    {
        var authorization = await NewAuthorizationAsync();
        var token = NewToken(TokenKind.RefreshFamily, authorization) with
        {
            Generation = 1,
            Payload = "{\"Scopes\":[\"openid\",\"ümläut\"]}",
        };
        Assert.True(await CommitAsync(new Issuance { Authorization = authorization, Tokens = [token] }));

        Assert.Equal(token, await FindAsync(token));
        var found = await UseAsync(ledger => ledger.FindAuthorizationAsync(authorization.Id, default));
        Assert.NotNull(found);
        Assert.Equal(authorization.Scopes, found.Scopes);
        Assert.Equal(authorization with { Scopes = [] }, found with { Scopes = [] });
    }

    [Fact]
    public async Task A_token_is_found_by_its_kind_and_exact_reference_only()
    {
        var authorization = await NewAuthorizationAsync();
        var token = NewToken(TokenKind.Code, authorization) with { Reference = "Abc-" + Suffix() };
        await CommitAsync(new Issuance { Authorization = authorization, Tokens = [token] });

        Assert.NotNull(await FindAsync(token));
        Assert.Null(await FindAsync(token with { Kind = TokenKind.ReferenceAccessToken }));
        Assert.Null(await FindAsync(token with { Reference = token.Reference.ToLowerInvariant() }));
        Assert.Null(await FindAsync(token with { Reference = token.Reference + " " }));
    }

    [Fact]
    public async Task An_expired_token_is_still_found()
    {
        var authorization = await NewAuthorizationAsync();
        var token = NewToken(TokenKind.Code, authorization) with { ExpiresAt = Now.AddYears(-5) };
        await CommitAsync(new Issuance { Authorization = authorization, Tokens = [token] });

        Assert.NotNull(await FindAsync(token));
    }

    [Fact]
    public async Task A_code_is_redeemed_once()
    {
        var (authorization, code) = await CommittedAsync(TokenKind.Code);
        var redeem = new Spend.Redeem(code.Id, Now.AddSeconds(5));

        Assert.True(await CommitAsync(new Issuance { Spend = redeem, Tokens = [NewToken(TokenKind.RefreshFamily, authorization)] }));
        Assert.False(await CommitAsync(new Issuance { Spend = redeem }));

        var found = await FindAsync(code);
        Assert.Equal(TokenStatus.Redeemed, found!.Status);
        Assert.Equal(Now.AddSeconds(5), found.RedeemedAt);
    }

    [Fact]
    public async Task A_refresh_family_advances_by_one_and_lives_longer()
    {
        var (_, family) = await CommittedAsync(TokenKind.RefreshFamily);

        Assert.True(await CommitAsync(new Issuance { Spend = new Spend.Advance(family.Id, 1, Now.AddDays(30)) }));
        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Advance(family.Id, 1, Now.AddDays(60)) }));
        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Advance(family.Id, 3, Now.AddDays(60)) }));

        Assert.Equal(family with { Generation = 2, ExpiresAt = Now.AddDays(30) }, await FindAsync(family));
    }

    [Fact]
    public async Task When_the_spend_fails_nothing_else_is_written()
    {
        var (authorization, code) = await CommittedAsync(TokenKind.Code);
        await CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now) });
        var other = await NewAuthorizationAsync();
        var token = NewToken(TokenKind.ReferenceAccessToken, other);

        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now), Authorization = other, Tokens = [token] }));

        Assert.Null(await FindAsync(token));
        Assert.Null(await UseAsync(ledger => ledger.FindAuthorizationAsync(other.Id, default)));
        Assert.NotNull(await UseAsync(ledger => ledger.FindAuthorizationAsync(authorization.Id, default)));
    }

    [Fact]
    public async Task When_a_write_fails_the_spend_is_undone()
    {
        var (authorization, code) = await CommittedAsync(TokenKind.Code);
        var fresh = NewToken(TokenKind.ReferenceAccessToken, authorization);
        var twin = NewToken(TokenKind.Code, authorization) with { Reference = code.Reference };

        await Assert.ThrowsAnyAsync<Exception>(() =>
            CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now), Tokens = [fresh, twin] }));

        Assert.Equal(TokenStatus.Valid, (await FindAsync(code))!.Status);
        Assert.Null(await FindAsync(fresh));
        Assert.True(await CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now) }));
    }

    [Fact]
    public async Task A_spend_of_an_unknown_token_fails()
    {
        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Redeem(NewId(), Now) }));
        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Advance(NewId(), 1, Now) }));
    }

    [Fact]
    public async Task Ending_an_authorization_ends_every_valid_token_under_it_and_nothing_else()
    {
        var (authorization, code) = await CommittedAsync(TokenKind.Code);
        var family = NewToken(TokenKind.RefreshFamily, authorization) with { Generation = 1 };
        var access = NewToken(TokenKind.ReferenceAccessToken, authorization);
        await CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now), Tokens = [family, access] });
        var (_, bystander) = await CommittedAsync(TokenKind.RefreshFamily);

        await RevokeAsync(authorization, Now.AddMinutes(1));
        await RevokeAsync(authorization, Now.AddMinutes(2));

        Assert.Equal(TokenStatus.Redeemed, (await FindAsync(code))!.Status);
        Assert.Equal(TokenStatus.Revoked, (await FindAsync(family))!.Status);
        Assert.Equal(TokenStatus.Revoked, (await FindAsync(access))!.Status);
        Assert.Equal(TokenStatus.Valid, (await FindAsync(bystander))!.Status);
        var found = await UseAsync(ledger => ledger.FindAuthorizationAsync(authorization.Id, default));
        Assert.Equal(Now.AddMinutes(1), found!.RevokedAt);
        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Advance(family.Id, 1, Now.AddDays(1)) }));
    }

    [Fact]
    public async Task An_ended_code_is_not_redeemed()
    {
        var (authorization, code) = await CommittedAsync(TokenKind.Code);
        await RevokeAsync(authorization, Now);

        Assert.False(await CommitAsync(new Issuance { Spend = new Spend.Redeem(code.Id, Now) }));
    }

    [Fact]
    public async Task Ending_one_token_leaves_its_siblings_and_its_authorization()
    {
        var (authorization, first) = await CommittedAsync(TokenKind.ReferenceAccessToken);
        var second = NewToken(TokenKind.ReferenceAccessToken, authorization);
        await CommitAsync(new Issuance { Tokens = [second] });

        await UseAsync(async ledger =>
        {
            await ledger.RevokeTokenAsync(first.Id, default);
            await ledger.RevokeTokenAsync(NewId(), default);
            return true;
        });

        Assert.Equal(TokenStatus.Revoked, (await FindAsync(first))!.Status);
        Assert.Equal(TokenStatus.Valid, (await FindAsync(second))!.Status);
        Assert.Null((await UseAsync(ledger => ledger.FindAuthorizationAsync(authorization.Id, default)))!.RevokedAt);
    }

    [Fact]
    public async Task Consent_is_found_until_it_is_taken_back()
    {
        var adHoc = await NewAuthorizationAsync();
        var consent = adHoc with { Id = NewId(), Kind = AuthorizationKind.Permanent };
        await CommitAsync(new Issuance { Authorization = adHoc });
        Assert.Null(await ConsentAsync(adHoc.UserId!.Value, adHoc.ApplicationId));

        await CommitAsync(new Issuance { Authorization = consent });
        Assert.Equal(consent.Id, (await ConsentAsync(consent.UserId!.Value, consent.ApplicationId))?.Id);
        Assert.Null(await ConsentAsync(consent.UserId!.Value, NewId()));
        Assert.Null(await ConsentAsync(NewId(), consent.ApplicationId));

        await RevokeAsync(consent, Now);
        Assert.Null(await ConsentAsync(consent.UserId!.Value, consent.ApplicationId));
    }

    [Fact]
    public async Task An_id_is_consumed_once()
    {
        var id = "https://client.example " + Suffix();
        Assert.False(await UseAsync(ledger => ledger.IsConsumedAsync(id, default)));
        Assert.True(await ConsumeAsync(id));
        Assert.False(await ConsumeAsync(id));
        Assert.True(await UseAsync(ledger => ledger.IsConsumedAsync(id, default)));
        Assert.False(await UseAsync(ledger => ledger.IsConsumedAsync(id + "x", default)));
    }

    private static Guid NewId() => Guid.CreateVersion7(Now);

    private static string Suffix() => NewId().ToString("N", CultureInfo.InvariantCulture);

    private static Token NewToken(TokenKind kind, Authorization authorization) => new()
    {
        Id = NewId(),
        Kind = kind,
        Reference = Suffix(),
        ApplicationId = authorization.ApplicationId,
        AuthorizationId = authorization.Id,
        UserId = authorization.UserId,
        Payload = "{}",
        CreatedAt = Now,
        ExpiresAt = Now.AddMinutes(1),
    };

    private async Task<Authorization> NewAuthorizationAsync() => new()
    {
        Id = NewId(),
        ApplicationId = await ApplicationAsync(),
        UserId = await UserAsync(),
        Kind = AuthorizationKind.AdHoc,
        Scopes = ["openid", "profile"],
        GrantedAt = Now,
    };

    private async Task<(Authorization Authorization, Token Token)> CommittedAsync(TokenKind kind)
    {
        var authorization = await NewAuthorizationAsync();
        var token = NewToken(kind, authorization) with { Generation = kind == TokenKind.RefreshFamily ? 1 : null };
        Assert.True(await CommitAsync(new Issuance { Authorization = authorization, Tokens = [token] }));
        return (authorization, token);
    }

    private Task<bool> CommitAsync(Issuance issuance) => UseAsync(ledger => ledger.CommitAsync(issuance, default));

    private Task<Token?> FindAsync(Token token) => UseAsync(ledger => ledger.FindTokenAsync(token.Kind, token.Reference, default));

    private Task<Authorization?> ConsentAsync(Guid userId, Guid applicationId) =>
        UseAsync(ledger => ledger.FindConsentAsync(userId, applicationId, default));

    private Task<bool> ConsumeAsync(string id) => UseAsync(ledger => ledger.ConsumeIdAsync(id, Now.AddHours(1), default));

    private Task<bool> RevokeAsync(Authorization authorization, DateTimeOffset at) => UseAsync(async ledger =>
    {
        await ledger.RevokeAuthorizationAsync(authorization.Id, at, default);
        return true;
    });
}
