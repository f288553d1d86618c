using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Proofs;

/// <summary>Who gets the message of a challenge, and which.</summary>
/// <param name="UserId">The account, if any.</param>
/// <param name="Channel">How the message travels.</param>
/// <param name="To">The address that it is sent to.</param>
/// <param name="Template">What it says.</param>
/// <param name="Test">Set when nothing is sent and the code is fixed.</param>
internal sealed record Recipient(Guid? UserId, Channel Channel, string To, MessageTemplate Template, TestAddress? Test)
{
    /// <summary>The message holds no code: none is ever right.</summary>
    public bool IsDecoy => Template is not (MessageTemplate.SignInCode or MessageTemplate.ActivationCode or MessageTemplate.ConfirmationCode);
}

/// <summary>Decides what the owner of an address is told, by what the proof is for. One look at the account, whatever there is to find.</summary>
internal sealed class Recipients(Accounts accounts, TestAddresses tests, IOptions<SignInOptions> settings)
{
    public async Task<Recipient> FindAsync(ChallengePurpose purpose, Address address, Asker asker, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var account = await accounts.FindAsync(address, asker.SessionKeyHash, now, cancellationToken);
        var (userId, template) = purpose switch
        {
            ChallengePurpose.SignIn => (account?.Id, SignIn(account)),
            ChallengePurpose.Registration => (account?.Id ?? asker.UserId, Registration(account, asker)),
            ChallengePurpose.NewAddress => (asker.UserId, account is null || account.Id == asker.UserId || !account.IsOwned ? MessageTemplate.ConfirmationCode : MessageTemplate.AddressTaken),
            ChallengePurpose.Confirmation => (asker.UserId, account?.Id == asker.UserId ? MessageTemplate.ConfirmationCode : MessageTemplate.NoAccount),
            _ => throw new ArgumentOutOfRangeException(nameof(purpose)),
        };

        // To the address as its owner proved it: a look-alike that folds to the same key must not read the owner's code.
        // What nobody proved is no owner's: a code goes where it was asked for.
        var isOwners = template switch
        {
            MessageTemplate.ConfirmationCode => account?.Id == asker.UserId && account?.HasProved(address.Channel) == true,
            MessageTemplate.ActivationCode => false,
            _ => true,
        };
        var to = isOwners ? account?.AddressOf(address.Channel) : null;
        return new Recipient(userId, address.Channel, to ?? address.Value, template, tests.Find(address, now));
    }

    private MessageTemplate SignIn(KnownUser? account) => account switch
    {
        { IsDisabled: false } => MessageTemplate.SignInCode,
        { } => MessageTemplate.AccountDisabled,
        null when settings.Value.SignUp => MessageTemplate.SignInCode,
        null => MessageTemplate.NoAccount,
    };

    // Who registers an address that another account bears unproved gets an account that bears none yet: it is known by the asker's alone.
    private static MessageTemplate Registration(KnownUser? account, Asker asker) => account switch
    {
        { IsDisabled: true } => MessageTemplate.AccountDisabled,
        { IsOwned: true } => MessageTemplate.AddressTaken,
        { } => MessageTemplate.ActivationCode,
        null when asker.UserId is not null => MessageTemplate.ActivationCode,
        null => MessageTemplate.NoAccount,
    };
}
