using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Proofs;

/// <summary>What a right code gives back of what its challenge was counted in.</summary>
internal sealed class Settlement(ServerDb db, Challenges challenges, SmsGate gate)
{
    /// <summary>In the caller's transaction, after the challenge was claimed.</summary>
    public Task SettleAsync(Challenge challenge, CancellationToken cancellationToken) => ProofLimits.SettleAsync(
        db, challenge, challenge.Channel == Channel.Sms ? gate.Answered(challenges.AddressOf(challenge)) : [], cancellationToken);
}
