using IdentityServer.Protocol.Jose;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Keys;

/// <summary>Signing keys from PEM files, for operators who make their own. They have no times: the operator rotates them.</summary>
public sealed class SigningKeyFiles(IOptions<KeyOptions> options, IHostEnvironment environment)
{
    private static readonly SigningKeyTimes Timeless =
        new(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);

    /// <summary>In the order of <see cref="KeyOptions.SigningKeyFiles"/>: the first of an algorithm signs.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no usable key; the message names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<SigningKey> Keys { get; } =
        [.. options.Value.SigningKeyFiles.Select(file => SigningKey.ReadPemFile(Path.GetFullPath(file, environment.ContentRootPath), Timeless))];
}
