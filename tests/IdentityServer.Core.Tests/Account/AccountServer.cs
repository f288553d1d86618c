using IdentityServer.Core.Account;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Account;

/// <summary>Core on a database, and what tests do with accounts.</summary>
public sealed class AccountServer
{
    public AccountServer(TestDatabase database, Dictionary<string, string?>? settings = null, bool sms = true, Action<IServiceCollection>? services = null)
    {
        Core = new(database, settings, sms, services: services);

        // As the pages set it.
        Core.Services.GetRequiredService<IOptions<ProtocolOptions>>().Value.UiLocales = ["en", "de"];
    }

    public SignInServer Core { get; }

    public DateTimeOffset Now => Core.Clock.Now;

    public static Requester From(Guid? user = null, string? ip = null) => new(user, ClientId: null, ip ?? SignInServer.NewBrowser().Ip, "en", "https://id.example");

    public Task<RegisterOutcome> TryRegisterAsync(string? email, string? phone = null, string? name = null, string? invitation = null) =>
        Core.RunAsync<Register, RegisterOutcome>(register => register.RegisterAsync(
            new NewAccount { Email = email, Phone = phone, Invitation = invitation, Profile = name is null ? new() : new() { Name = name } }, From(), default));

    public async Task RegisterAsync(string? email, string? phone = null, string? name = null, string? invitation = null) =>
        Assert.IsType<RegisterOutcome.Accepted>(await TryRegisterAsync(email, phone, name, invitation));

    public Task<RegisterOutcome> SendCodeAsync(string address) => Core.RunAsync<Register, RegisterOutcome>(register => register.SendCodeAsync(address, From(), default));

    public Task<bool> ActivateAsync(string address, string code) => Core.RunAsync<Activate, bool>(activate => activate.ActivateAsync(address, code, From(), default));

    /// <summary>The newest challenge for this address.</summary>
    public async Task<Challenge> ChallengeAsync(string address)
    {
        var hash = Core.Services.GetRequiredService<Secrets>().HashAddress(Address.Parse(address)!);
        return await Core.ReadAsync(db => db.Challenges.AsNoTracking().Where(row => row.AddressHash == hash).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).FirstAsync());
    }

    /// <summary>The newest message to this address that a challenge made.</summary>
    public async Task<Mail> MailAsync(string address) => await Core.MailAsync((await ChallengeAsync(address)).Id);

    public async Task<string> CodeAsync(string address) => (await MailAsync(address)).Code;

    /// <summary>The messages that are no challenge's, opened.</summary>
    public async Task<List<Mail>> NoticesAsync(string to)
    {
        var seal = Core.Services.GetRequiredService<MessageSeal>();
        var rows = await Core.ReadAsync(db => db.Messages.AsNoTracking().Where(row => row.ChallengeId == null).OrderBy(row => row.CreatedAt).ToListAsync());
        return [.. rows.Select(row => new Mail(seal.OpenRecipient(row.Id, row.Recipient), row.Template, row.Locale, seal.OpenModel(row.Id, row.Model))).Where(mail => mail.To == to)];
    }

    public async Task<string> RegisterAndActivateAsync(string address, string? phone = null, string? name = null)
    {
        await RegisterAsync(address, phone, name);
        Assert.True(await ActivateAsync(address, await CodeAsync(address)));
        return address;
    }

    public async Task<Guid> IdAsync(string address) => Assert.Single(await Core.UserIdsAsync(address));

    public Task<User> UserAsync(Guid id) => Core.UserAsync(id);

    public async Task<User> UserAsync(string address) => await Core.UserAsync(await IdAsync(address));

    /// <summary>Starts to change an address; gives the challenge.</summary>
    public async Task<string> StartChangeAsync(Guid user, string address)
    {
        var channel = address.Contains('@', StringComparison.Ordinal) ? Channel.Email : Channel.Sms;
        return Assert.IsType<SendOutcome.Sent>(await Core.RunAsync<ChangeAddress, SendOutcome>(change => change.StartAsync(channel, address, From(user), default))).Code.Challenge!;
    }

    public Task<ConfirmOutcome> ConfirmChangeAsync(Guid user, string challenge, string code) =>
        Core.RunAsync<ChangeAddress, ConfirmOutcome>(change => change.ConfirmAsync(challenge, code, From(user), default));

    public async Task ChangeAsync(Guid user, string address) =>
        Assert.IsType<ConfirmOutcome.Confirmed>(await ConfirmChangeAsync(user, await StartChangeAsync(user, address), await CodeAsync(address)));

    public Task<RemoveOutcome> RemoveAsync(Guid user, Channel channel) =>
        Core.RunAsync<ChangeAddress, RemoveOutcome>(change => change.RemoveAsync(channel, From(user), default));

    public Task<UndoOutcome> UndoAsync(string token) => Core.RunAsync<UndoAddressChange, UndoOutcome>(undo => undo.UndoAsync(token, ip: null, default));

    /// <summary>An application's sign-in, with a refresh token, as the one-time-code grant makes it.</summary>
    public async Task<(Guid Authorization, Guid Token)> GrantAsync(Guid user, Guid application, Guid? session = null)
    {
        var authorization = new Authorization { Id = Guid.CreateVersion7(Now), ApplicationId = application, UserId = user, Kind = AuthorizationKind.AdHoc, Scopes = ["openid"], SessionId = session, GrantedAt = Now };
        var token = new Token { Id = Guid.CreateVersion7(Now), Kind = TokenKind.RefreshFamily, Reference = Guid.CreateVersion7(Now).ToString("N"), ApplicationId = application, AuthorizationId = authorization.Id, UserId = user, SessionId = session, Payload = "{}", CreatedAt = Now, ExpiresAt = Now.AddDays(1) };
        await Core.ReadAsync(async db =>
        {
            db.Add(authorization);
            db.Add(token);
            return await db.SaveChangesAsync();
        });
        return (authorization.Id, token.Id);
    }

    public Task<bool> IsValidAsync(Guid token) => Core.ReadAsync(db => db.Tokens.AnyAsync(row => row.Id == token && row.Status == TokenStatus.Valid));

    public Task<int> AuditAsync(Guid user, AuditKind kind) => Core.ReadAsync(db => db.AuditEvents.CountAsync(row => row.UserId == user && row.Kind == kind.ToString()));
}
