using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Account;

/// <summary>An account that an administrator makes.</summary>
public sealed record CreatedAccount
{
    /// <summary>At least one of both.</summary>
    public string? Email { get; init; }

    /// <summary>The administrator vouches for it.</summary>
    public bool EmailVerified { get; init; }

    /// <summary>At least one of both.</summary>
    public string? Phone { get; init; }

    /// <summary>The administrator vouches for it.</summary>
    public bool PhoneVerified { get; init; }

    /// <summary>Whether the first unproved address is sent a code that activates the account.</summary>
    public bool SendCode { get; init; }

    /// <summary>Names and the like.</summary>
    public ProfileChanges Profile { get; init; } = new();
}

/// <summary>What making an account came to.</summary>
public abstract record CreateOutcome
{
    private CreateOutcome()
    {
    }

    /// <summary>Done; without roles.</summary>
    public sealed record Created(Guid Id) : CreateOutcome;

    /// <summary>Fields are wrong.</summary>
    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Problems) : CreateOutcome;

    /// <summary>Another account bears the address, proved or not.</summary>
    public sealed record Taken(string Field) : CreateOutcome;

    /// <summary>Too many codes for this address.</summary>
    public sealed record TryLater(DateTimeOffset At) : CreateOutcome;
}

/// <summary>Makes accounts for administrators, who may be told who has one.</summary>
public sealed class CreateUser
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly AddressFields addresses;
    private readonly Askers askers;
    private readonly ChallengeSender sender;
    private readonly ProfileEditing profiles;
    private readonly TimeProvider time;

    internal CreateUser(
        ServerDb db, Accounts accounts, AddressFields addresses, Askers askers, ChallengeSender sender, ProfileEditing profiles, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.addresses = addresses;
        this.askers = askers;
        this.sender = sender;
        this.profiles = profiles;
        this.time = time;
    }

    /// <summary>Makes the account, and its code if one is wanted.</summary>
    public async Task<CreateOutcome> CreateAsync(CreatedAccount account, Requester requester, Operator by, CancellationToken cancellationToken)
    {
        var problems = new Dictionary<string, string[]>(profiles.Problems(account.Profile), StringComparer.Ordinal);
        var (email, phone) = addresses.Read(account.Email, account.Phone, problems);
        if (account.EmailVerified && account.Email is null)
            problems["email_verified"] = ["There is no e-mail address to be verified."];
        if (account.PhoneVerified && account.Phone is null)
            problems["phone_number_verified"] = ["There is no phone number to be verified."];
        var isOwned = account.EmailVerified || account.PhoneVerified;
        if (account.SendCode && isOwned)
            problems["send_code"] = ["An account with a verified address needs no activation."];
        if (problems.Count > 0)
            return new CreateOutcome.Invalid(problems);
        if (await TakenAsync(email, phone, cancellationToken) is { } taken)
            return taken;

        var now = time.GetUtcNow();
        var user = Accounts.New(await accounts.NewInvitationCodeAsync(cancellationToken), now);
        Accounts.SetAddress(user, Channel.Email, email, account.EmailVerified);
        Accounts.SetAddress(user, Channel.Sms, phone, account.PhoneVerified);
        account.Profile.ApplyTo(user);
        db.Add(user);
        AuditLog.Add(db, AuditKind.UserCreated, now, new AuditSubject(user.Id, by.ApplicationId, Ip: by.Ip), UserAdministration.Facts(by));
        try
        {
            return await SaveAsync(user, account.SendCode ? email ?? phone : null, requester, cancellationToken);
        }
        catch (DbUpdateException)
        {
            db.ChangeTracker.Clear();
            if (await TakenAsync(email, phone, cancellationToken) is { } meanwhile)
                return meanwhile;
            throw;
        }
    }

    private async Task<CreateOutcome> SaveAsync(User user, Address? codeTo, Requester requester, CancellationToken cancellationToken)
    {
        if (codeTo is not null)
        {
            var asker = await askers.OfAsync(requester with { UserId = user.Id, Locale = user.Locale ?? requester.Locale }, ChallengeHandle.NewSecret(), cancellationToken);
            return await sender.StartAsync(ChallengePurpose.Registration, codeTo, asker, cancellationToken) is StartOutcome.TryLater(var at)
                ? new CreateOutcome.TryLater(at)
                : new CreateOutcome.Created(user.Id);
        }

        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        return new CreateOutcome.Created(user.Id);
    }

    private async Task<CreateOutcome.Taken?> TakenAsync(Address? email, Address? phone, CancellationToken cancellationToken) =>
        email is not null && await accounts.Having(email).AnyAsync(cancellationToken) ? new CreateOutcome.Taken("email")
        : phone is not null && await accounts.Having(phone).AnyAsync(cancellationToken) ? new CreateOutcome.Taken("phone_number")
        : null;
}
