using System.Globalization;
using IdentityServer.Core.Abuse;
using IdentityServer.Core.Audit;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.SignIn;

/// <summary>
/// The password before the code, on the page <c>/sign-in/password</c>, where <c>SignIn:Password</c> is enabled. Every address comes by here, whether it has
/// an account or a password: counts, then compares, and a wrong password, an unknown address and an account without a password cost and answer the same.
/// </summary>
public sealed class CheckPassword
{
    private readonly ServerDb db;
    private readonly Accounts accounts;
    private readonly StartSignIn start;
    private readonly AddressReader addresses;
    private readonly TypedAddresses typed;
    private readonly ProofLimits limits;
    private readonly PasswordKeeper keeper;
    private readonly PasswordRules rules;
    private readonly Secrets secrets;
    private readonly TimeProvider time;

    internal CheckPassword(
        ServerDb db, Accounts accounts, StartSignIn start, AddressReader addresses, TypedAddresses typed, ProofLimits limits,
        PasswordKeeper keeper, PasswordRules rules, Secrets secrets, TimeProvider time)
    {
        this.db = db;
        this.accounts = accounts;
        this.start = start;
        this.addresses = addresses;
        this.typed = typed;
        this.limits = limits;
        this.keeper = keeper;
        this.rules = rules;
        this.secrets = secrets;
        this.time = time;
    }

    /// <summary>Whether the address leads here first.</summary>
    public bool IsAsked => rules.Enabled;

    /// <summary>The parameter <c>who</c> of the page for this address, or why there is none. Depends on what was typed alone.</summary>
    public (string? Who, StartOutcome? Refusal) Introduce(string address, Visitor visitor) =>
        addresses.Read(address) is ({ } read, _) ? (typed.Seal(read, visitor), null) : (null, addresses.Read(address).Refusal);

    /// <summary>Whom the page asks; null when <paramref name="who"/> is too old or another browser's.</summary>
    public PasswordView? Look(string? who, Visitor visitor) =>
        typed.Open(who, visitor) is { } address ? new PasswordView(address.Value, address.Channel) : null;

    /// <summary>Goes on without a password: a code is sent, which opens accounts that have none, and lets others choose a new one.</summary>
    public async Task<PasswordOutcome> SkipAsync(string? who, string? parkedRequest, Visitor visitor, CancellationToken cancellationToken) =>
        typed.Open(who, visitor) is { } address
            ? new PasswordOutcome.Passed(await start.StartAsync(address.Value, parkedRequest, visitor, cancellationToken))
            : new PasswordOutcome.Gone();

    /// <summary>Checks the password; the right one has a code sent.</summary>
    public async Task<PasswordOutcome> CheckAsync(string? who, string? password, string? parkedRequest, Visitor visitor, CancellationToken cancellationToken)
    {
        if (typed.Open(who, visitor) is not { } address)
            return new PasswordOutcome.Gone();

        // Nobody's password, whatever the address: nothing is learnt from it, so it costs nothing.
        if (PasswordRules.Prepare(password) is not { } prepared)
            return new PasswordOutcome.Wrong();

        var now = time.GetUtcNow();
        var hash = secrets.HashAddress(address);
        var source = new Source(visitor.Ip, Application: null);
        var (failures, refusal) = await CountAsync(hash, source, now, cancellationToken);
        if (refusal is not null)
            return refusal;

        // What nobody proved to own is no way to anybody's password.
        var account = await accounts.FindAsync(address, visitor.SessionKeyHash, now, cancellationToken);
        var known = account?.HasProved(address.Channel) == true ? account.PasswordHash : null;
        var (isRight, isOld) = keeper.Compare(known, prepared);
        if (!isRight)
        {
            var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["failures"] = failures.ToString(CultureInfo.InvariantCulture) };
            AuditLog.Add(db, AuditKind.WrongPassword, now, new AuditSubject(account?.Id, Ip: visitor.Ip), facts);
            await db.SaveChangesAsync(cancellationToken);
            db.ChangeTracker.Clear();
            return new PasswordOutcome.Wrong();
        }

        await limits.GiveBackPasswordAsync(db, hash, source, now, cancellationToken);
        if (isOld)
            known = await RenewAsync(account!.Id, known!, prepared, cancellationToken);
        return new PasswordOutcome.Passed(await start.StartAsync(address.Value, parkedRequest, visitor, PasswordKeeper.TraceOf(known!), cancellationToken));
    }

    // Committed before the comparison, so that no number of parallel requests compares more passwords than are allowed.
    private async Task<(int Failures, PasswordOutcome? Refusal)> CountAsync(byte[] addressHash, Source source, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Full full;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            switch (await ProofLimits.TakePasswordFailureAsync(db, addressHash, now, cancellationToken))
            {
                case Count.Paused(var until):
                    return (0, new PasswordOutcome.Paused(until));
                case Count.Off:
                    return (0, new PasswordOutcome.Paused(null));
                case Count.Taken(var failures):
                    if (await limits.TakePasswordAsync(db, source, now, cancellationToken) is not { } reached)
                    {
                        await transaction.CommitAsync(cancellationToken);
                        return (failures, null);
                    }

                    full = reached;
                    break;
                default:
                    throw new InvalidOperationException();
            }
        }

        await NotedLimits.WriteAsync(db, full, new AuditSubject(Ip: source.Ip), now, cancellationToken);
        return (0, new PasswordOutcome.TryLater(full.Until));
    }

    // Only while it is still this password: a change meanwhile wins.
    private async Task<string> RenewAsync(Guid userId, string old, string prepared, CancellationToken cancellationToken)
    {
        var renewed = keeper.Hash(prepared);
        return await db.Users.Where(user => user.Id == userId && user.PasswordHash == old).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.PasswordHash, renewed), cancellationToken) == 1 ? renewed : old;
    }
}
