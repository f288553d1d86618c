using System.Security.Cryptography;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.SignIn;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using IdentityServer.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Core.Tests.SignIn;

/// <summary>Core on a database, and what a test does with it: browsers, addresses nobody used before, the mail that was queued.</summary>
public sealed class SignInServer
{
    private readonly IServiceProvider services;

    public SignInServer(TestDatabase database, Dictionary<string, string?>? settings = null, bool sms = false, decimal smsBudget = 1000, Action<IServiceCollection>? services = null)
    {
        Clock = database.Clock;

        // Most tests do in a second what people do in an hour; those about limits set their own.
        var all = new Dictionary<string, string?>(settings ?? [], StringComparer.Ordinal);
        all.TryAdd("Limits:StartsPerAddressAndMinute", "1000");
        this.services = database.Start(all.Select(setting => (setting.Key, setting.Value!)), add =>
        {
            add.AddProtocol();
            add.AddCore();
            add.Configure<DeliveryOptions>(options =>
            {
                options.Sms.Providers = sms ? ["file"] : [];
                options.Sms.Countries = ["DE", "GB"];
                options.Sms.Prices = new Dictionary<string, decimal>(StringComparer.Ordinal) { ["DE"] = 1, ["GB"] = 1 };
                options.Sms.Budget = new SmsBudget { Day = smsBudget, Month = smsBudget };
            });
            services?.Invoke(add);
            add.AddSingleton<DispatcherBell>();
            add.AddSingleton<MessageSeal>();
            add.AddSingleton(provider => new Outbox(
                provider.GetRequiredService<MessageSeal>(), provider.GetRequiredService<DispatcherBell>(), provider.GetRequiredService<TimeProvider>()));
        });
    }

    public TestClock Clock { get; }

    public IServiceProvider Services => services;

    /// <summary>A browser that no other test has, in a network of its own.</summary>
    public static Visitor NewBrowser(string? ip = null) =>
        new(RandomNumberGenerator.GetBytes(32), ip ?? $"2001:db8:{Hex()}:{Hex()}::1", "Test browser", "en") { Origin = "https://id.example" };

    public static string NewAddress() => $"person-{RandomNumberGenerator.GetHexString(16, lowercase: true)}@mail.example";

    /// <summary>A British mobile number that no other test has.</summary>
    public static string NewNumber() => $"+447400{RandomNumberGenerator.GetInt32(1_000_000):D6}";

    /// <summary>Runs with services of one request's own.</summary>
    public async Task<T> RunAsync<TService, T>(Func<TService, Task<T>> run)
        where TService : notnull
    {
        await using var scope = services.CreateAsyncScope();
        return await run(scope.ServiceProvider.GetRequiredService<TService>());
    }

    public async Task<Guid> StartAsync(string address, Visitor browser, string? parked = null) =>
        Xunit.Assert.IsType<StartOutcome.Started>(await TryStartAsync(address, browser, parked)).ChallengeId;

    public Task<StartOutcome> TryStartAsync(string address, Visitor browser, string? parked = null) =>
        RunAsync<StartSignIn, StartOutcome>(start => start.StartAsync(address, parked, browser, default));

    public Task<ResendOutcome> ResendAsync(Guid challenge, Visitor browser) =>
        RunAsync<StartSignIn, ResendOutcome>(start => start.ResendAsync(challenge, browser, default));

    public Task<ChallengeView?> LookAsync(Guid challenge, Visitor browser) =>
        RunAsync<StartSignIn, ChallengeView?>(start => start.LookAsync(challenge, browser, default));

    public Task<VerifyOutcome> VerifyAsync(Guid challenge, string code, Visitor browser) =>
        RunAsync<VerifyCode, VerifyOutcome>(verify => verify.VerifyAsync(challenge, code, browser, default));

    public Task<LinkView> LookAtLinkAsync(string token, Visitor browser) =>
        RunAsync<UseLink, LinkView>(link => link.LookAsync(token, browser, default));

    public Task<VerifyOutcome> UseLinkAsync(string token, Visitor browser) =>
        RunAsync<UseLink, VerifyOutcome>(link => link.UseAsync(token, browser, default));

    public Task<DetailsOutcome> ConfirmAsync(Guid challenge, string name, Visitor browser, string? invitation = null) =>
        RunAsync<ConfirmDetails, DetailsOutcome>(details => details.ConfirmAsync(challenge, name, invitation, browser, default));

    public async Task<T> ReadAsync<T>(Func<ServerDb, Task<T>> read) => await RunAsync(read);

    public Task<Challenge> ChallengeAsync(Guid id) => ReadAsync(db => db.Challenges.AsNoTracking().SingleAsync(row => row.Id == id));

    public async Task<int> SessionsAsync(string address)
    {
        var users = await UserIdsAsync(address);
        return await ReadAsync(db => db.Sessions.CountAsync(session => users.Contains(session.UserId)));
    }

    /// <summary>Accounts with this address: one at most, or something is broken.</summary>
    public Task<List<Guid>> UserIdsAsync(string address)
    {
        var key = Address.Parse(address)!.LookupKey;
        return ReadAsync(db => db.Users.Where(user => user.NormalizedEmail == key || user.PhoneNumber == key).Select(user => user.Id).ToListAsync());
    }

    /// <summary>The newest message of a challenge.</summary>
    public async Task<Mail> MailAsync(Guid challenge)
    {
        var message = await ReadAsync(db => db.Messages.AsNoTracking()
            .Where(row => row.ChallengeId == challenge && row.Status == MessageStatus.Queued).SingleAsync());
        var seal = services.GetRequiredService<MessageSeal>();
        return new Mail(seal.OpenRecipient(message.Id, message.Recipient), message.Template, message.Locale, seal.OpenModel(message.Id, message.Model));
    }

    public async Task<string> CodeAsync(Guid challenge) => (await MailAsync(challenge)).Code;

    /// <summary>A code of the right form that is not the challenge's.</summary>
    public async Task<string> WrongCodeAsync(Guid challenge)
    {
        var mail = await MailAsync(challenge);
        return mail.Model.TryGetValue("code", out var code) ? Other(code) : "000000";
    }

    public static string Other(string code) => ((int.Parse(code) + 1) % 1_000_000).ToString("D6");

    /// <summary>An account with this address.</summary>
    public Task<Guid> AddUserAsync(string address, bool confirmed = true, bool disabled = false) =>
        address.Contains('@', StringComparison.Ordinal) ? AddUserAsync(address, confirmed, null, false, disabled) : AddUserAsync(null, false, address, confirmed, disabled);

    /// <summary>An account with these addresses.</summary>
    public async Task<Guid> AddUserAsync(string? email, bool emailConfirmed, string? phone, bool phoneConfirmed, bool disabled = false)
    {
        var now = Clock.Now;
        return await ReadAsync(async db =>
        {
            var id = Guid.CreateVersion7(now);
            db.Add(new User
            {
                Id = id,
                UserName = id.ToString("N"),
                NormalizedUserName = id.ToString("N").ToUpperInvariant(),
                Email = email,
                NormalizedEmail = email?.ToUpperInvariant(),
                EmailConfirmed = emailConfirmed,
                PhoneNumber = phone,
                PhoneNumberConfirmed = phoneConfirmed,
                Name = "Someone",
                InvitationCode = Invitations.NewCode(),
                ConcurrencyStamp = id.ToString("N"),
                CreatedAt = now,
                UpdatedAt = now,
                DisabledAt = disabled ? now : null,
            });
            await db.SaveChangesAsync();
            return id;
        });
    }

    public async Task<User> UserAsync(Guid id) => await ReadAsync(db => db.Users.AsNoTracking().SingleAsync(row => row.Id == id));

    public async Task DisableAsync(string address)
    {
        var users = await UserIdsAsync(address);
        await ReadAsync(db => db.Users.Where(user => users.Contains(user.Id)).ExecuteUpdateAsync(set => set.SetProperty(user => user.DisabledAt, Clock.Now)));
    }

    /// <summary>Signs in with a code.</summary>
    public async Task<SessionTicket> SignInAsync(string address, Visitor browser)
    {
        var challenge = await StartAsync(address, browser);
        return Xunit.Assert.IsType<VerifyOutcome.SignedIn>(await VerifyAsync(challenge, await CodeAsync(challenge), browser)).Ticket;
    }

    private static string Hex() => RandomNumberGenerator.GetHexString(4, lowercase: true).TrimStart('0').PadLeft(1, '0');
}

/// <summary>A queued message, opened.</summary>
public sealed record Mail(string To, string Template, string Locale, IReadOnlyDictionary<string, string> Model)
{
    public string Code => Model["code"];

    /// <summary>The link's token.</summary>
    public string Token => Model["link"][(Model["link"].IndexOf("token=", StringComparison.Ordinal) + 6)..];
}
