using IdentityServer.Core.Users;
using IdentityServer.Core.Users.Passwords;

namespace IdentityServer.Core.Proofs;

/// <summary>How people sign in: the section <c>SignIn</c>.</summary>
public sealed class SignInOptions
{
    /// <summary>Whether a new person may make an account; true by default.</summary>
    public bool SignUp { get; set; } = true;

    /// <summary>Whether a new person needs the invitation code of somebody who has an account; false by default.</summary>
    public bool InviteOnly { get; set; }

    /// <summary>Digits of a code: 6 to 8, 6 by default.</summary>
    public int CodeLength { get; set; } = 6;

    /// <summary>How long a code and the link beside it work: 10 minutes at most, 5 by default.</summary>
    public TimeSpan CodeLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Codes that may be tried in one challenge, whatever is sent again: 1 to 10, 5 by default.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>How long a person waits before another code can be asked for; 30 seconds by default.</summary>
    public TimeSpan ResendDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Messages in one challenge: 1 to 10, 5 by default.</summary>
    public int MaxSends { get; set; } = 5;

    /// <summary>How long a new person may take over their details; 15 minutes by default.</summary>
    public TimeSpan DetailsLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The region (ISO 3166-1 alpha-2, e.g. <c>DE</c>) whose phone numbers may be typed without their calling code; without it people type the plus
    /// sign and the calling code.
    /// </summary>
    public string? DefaultRegion { get; set; }

    /// <summary>Passwords as a first step before the code.</summary>
    public PasswordOptions Password { get; set; } = new();

    /// <summary>Addresses with a fixed code, to which nothing is sent, by address.</summary>
    public IDictionary<string, TestAddress> TestAddresses { get; set; } = new Dictionary<string, TestAddress>(StringComparer.Ordinal);

    internal static IEnumerable<string> Problems(SignInOptions options)
    {
        if (options.CodeLength < 6)
            yield return "SignIn:CodeLength must be at least 6: fewer digits are guessed too easily (NIST SP 800-63B-4, 3.1.3.2).";
        if (options.CodeLength > 8)
            yield return "SignIn:CodeLength must be at most 8: nobody types more without mistakes.";
        if (options.CodeLifetime > TimeSpan.FromMinutes(10))
            yield return "SignIn:CodeLifetime must be at most 00:10:00 (NIST SP 800-63B-4, 3.1.3.2; OWASP ASVS 6.5.5).";
        if (options.CodeLifetime < TimeSpan.FromMinutes(1))
            yield return "SignIn:CodeLifetime must be at least 00:01:00: mail takes its time.";
        if (options.MaxAttempts is < 1 or > 10)
            yield return "SignIn:MaxAttempts must be 1 to 10.";
        if (options.MaxSends is < 1 or > 10)
            yield return "SignIn:MaxSends must be 1 to 10.";
        if (options.ResendDelay < TimeSpan.FromSeconds(1) || options.ResendDelay > options.CodeLifetime)
            yield return "SignIn:ResendDelay must be at least 00:00:01 and at most SignIn:CodeLifetime.";
        if (options.DetailsLifetime < TimeSpan.FromMinutes(1) || options.DetailsLifetime > TimeSpan.FromHours(1))
            yield return "SignIn:DetailsLifetime must be 00:01:00 to 01:00:00.";
        if (options.DefaultRegion is { Length: > 0 } region && !Address.IsRegion(region))
            yield return "SignIn:DefaultRegion must be two capital letters of ISO 3166-1, such as DE; leave it out to ask for the calling code.";
        foreach (var problem in PasswordOptions.Problems(options.Password))
            yield return problem;
    }
}
