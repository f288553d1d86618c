using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Delivery;

/// <summary>The texts that people are sent.</summary>
public enum MessageTemplate
{
    /// <summary>A code and, by e-mail, a link. Model: <c>code</c>, <c>link</c> (e-mail only), <c>minutes</c>, <c>application</c> (may be empty), <c>host</c>.</summary>
    SignInCode,

    /// <summary>The address belongs to a disabled account. Model: <c>host</c>.</summary>
    AccountDisabled,

    /// <summary>Nobody has the address and registration is closed. Model: <c>host</c>.</summary>
    NoAccount,

    /// <summary>A code that activates an account. Model: <c>code</c>, <c>minutes</c>, <c>application</c> (may be empty), <c>host</c>.</summary>
    ActivationCode,

    /// <summary>Somebody wanted to register, or to take over, an address that has an account. Model: <c>host</c>.</summary>
    AddressTaken,

    /// <summary>A code that confirms an address, or that its owner is there. Model: as <see cref="ActivationCode"/>.</summary>
    ConfirmationCode,

    /// <summary>To the old address: the account's address was changed. Model: <c>address</c> (the new one, masked), <c>link</c> (undoes it), <c>days</c> (the link's life), <c>host</c>.</summary>
    AddressChanged,

    /// <summary>To the account's other address: one was added that opens the account, too. Model: <c>address</c> (the new one, masked), <c>host</c>.</summary>
    AddressAdded,

    /// <summary>The account has a password now, or another. Model: <c>host</c>.</summary>
    PasswordChanged,

    /// <summary>The account has no password any more. Model: <c>host</c>.</summary>
    PasswordRemoved,
}

/// <summary>A message in words.</summary>
/// <param name="Subject">E-mail only.</param>
/// <param name="Text">Plain text.</param>
/// <param name="Html">E-mail only.</param>
public sealed record RenderedMessage(string? Subject, string Text, string? Html);

/// <summary>Puts messages into words; the pages' project does it from its templates and resources.</summary>
public interface IMessageRenderer
{
    /// <summary>The words of <paramref name="template"/> in the language nearest to <paramref name="locale"/>.</summary>
    RenderedMessage Render(MessageTemplate template, Channel channel, string locale, IReadOnlyDictionary<string, string> model);
}

/// <summary>A message on its way to a provider.</summary>
/// <param name="Id">The message's id: the same on every try, for providers that know idempotency keys.</param>
/// <param name="To">The address.</param>
/// <param name="Content">The words.</param>
/// <param name="ExpiresAt">After this nobody needs it.</param>
public sealed record OutgoingMessage(Guid Id, string To, RenderedMessage Content, DateTimeOffset ExpiresAt)
{
    /// <summary>The code in the words, if there is one: for providers that fill in a template of their own.</summary>
    public string? Code { get; init; }

    /// <summary>Never what it holds: what is printed ends up in logs.</summary>
    public override string ToString() => $"Message {Id}";
}

/// <summary>Why nothing more is sent to an address.</summary>
public enum SuppressionReason
{
    /// <summary>Its owner asked for that, e.g. by answering STOP.</summary>
    OptedOut,

    /// <summary>Nobody reads there: not in use, or not able to receive.</summary>
    DeadAddress,
}

/// <summary>What a provider said.</summary>
public abstract record SendResult
{
    private SendResult()
    {
    }

    /// <summary>It took the message: never sent again.</summary>
    public sealed record Accepted(string? ProviderId) : SendResult;

    /// <summary>It will never deliver this message. With <paramref name="Suppress"/>, nothing to this address: it goes on the suppression list.</summary>
    public sealed record Rejected(string Reason, SuppressionReason? Suppress = null) : SendResult;

    /// <summary>It does not accept this server: credentials, credit, sender. The operator must act.</summary>
    public sealed record Misconfigured(string Reason) : SendResult;

    /// <summary>Not now.</summary>
    public sealed record Retry(string Reason) : SendResult;

    /// <summary>It may have taken the message: never sent again without an idempotency key.</summary>
    public sealed record Ambiguous(string Reason) : SendResult;
}

/// <summary>A provider of one channel. Add one: a class with its options in one file, one line of registration.</summary>
public interface ISender
{
    /// <summary>Its name in configuration, e.g. <c>smtp</c>.</summary>
    string Name { get; }

    /// <summary>What it sends.</summary>
    Channel Channel { get; }

    /// <summary>
    /// True when this provider recognises a message that it gets twice by its id, so that an <see cref="SendResult.Ambiguous"/> try
    /// may be repeated here, and here only.
    /// </summary>
    bool RepeatsSafely => false;

    /// <summary>
    /// True when whoever receives a message twice recognises it, whichever provider it came by (an e-mail's Message-ID): an unanswered try may be
    /// repeated at another provider.
    /// </summary>
    bool RepeatsElsewhere => false;

    /// <summary>Whether it delivers there at all; false passes the message to the next provider.</summary>
    bool Reaches(string to) => true;

    /// <summary>Hands the message over. Reasons hold no address and no content.</summary>
    Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken);
}
