namespace IdentityServer.Core.Delivery;

/// <summary>
/// A sender that can find out, without sending anything and without cost, whether its provider would take messages of this server: by an
/// account call, or by signing in. The command <c>doctor</c> asks it.
/// </summary>
public interface IChecksItself
{
    /// <summary>Asks the provider.</summary>
    Task<SelfCheck> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>What a sender found out about itself.</summary>
/// <param name="IsWell">False when the operator must act, or the provider does not answer; null when that cannot be found out.</param>
/// <param name="Text">One line: what was found and, when it is not well, what to do. No secrets, no addresses of people.</param>
public sealed record SelfCheck(bool? IsWell, string Text);
