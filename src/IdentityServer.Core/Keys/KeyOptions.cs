using System.ComponentModel.DataAnnotations;

namespace IdentityServer.Core.Keys;

/// <summary>Settings of keys: the section <c>Keys</c>. Paths are relative to the content root.</summary>
public sealed class KeyOptions
{
    /// <summary>
    /// Holds the master key: 32 random bytes in base64, the same file for every instance. Made at first start in Development and with SQLite. Without it
    /// nothing that is sealed in the database can be read.
    /// </summary>
    [Required]
    public string MasterKeyFile { get; set; } = "certs/master.key";

    /// <summary>Master keys that were used before: still accepted, no longer used. Keep one for as long as refresh tokens and signing keys live.</summary>
    public IList<string> PreviousMasterKeyFiles { get; set; } = [];

    /// <summary>
    /// PEM files with private keys to sign with, instead of keys that the server makes: RSA for RS256, EC on P-256 for ES256. The first of an
    /// algorithm signs, the others are published: to rotate, add the new file at the end, put it first a day later, remove the old one a week later.
    /// </summary>
    public IList<string> SigningKeyFiles { get; set; } = [];

    /// <summary>How long a key signs; 90 days by default.</summary>
    [Range(typeof(TimeSpan), "7.00:00:00", "365.00:00:00")]
    public TimeSpan RotationPeriod { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long before its use the next key is made and published; 3 days by default. At least 2, so that a daily job keeps 24 hours.</summary>
    [Range(typeof(TimeSpan), "2.00:00:00", "30.00:00:00")]
    public TimeSpan PublishAhead { get; set; } = TimeSpan.FromDays(3);

    /// <summary>How long a key is published after its last use; 7 days by default, longer than any token that it signed.</summary>
    [Range(typeof(TimeSpan), "1.01:00:00", "365.00:00:00")]
    public TimeSpan KeepRetired { get; set; } = TimeSpan.FromDays(7);
}
