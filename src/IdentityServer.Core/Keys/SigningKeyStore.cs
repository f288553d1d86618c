using System.Security.Cryptography;
using IdentityServer.Core.Persistence;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol.Jose;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Core.Keys;

/// <summary>Signing keys in the database, sealed with the master key.</summary>
public sealed class SigningKeyStore(IDbContextFactory<ServerDb> databases, MasterKeys masters)
{
    private const string Purpose = "signing key";

    /// <summary>Every key that is there. A live key that <paramref name="known"/> has is used again, unless its times were changed: opening one is slow.</summary>
    /// <exception cref="MasterKeyException">A key was sealed with another master key.</exception>
    internal async Task<List<SigningKey>> LoadAsync(IEnumerable<SigningKey> known, CancellationToken cancellationToken)
    {
        var live = known.ToDictionary(key => key.Kid, StringComparer.Ordinal);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = await db.SigningKeys.AsNoTracking().ToListAsync(cancellationToken);
        return rows.ConvertAll(row => live.GetValueOrDefault(row.Kid) is { } key && key.Times == TimesOf(row) ? key : Open(row));
    }

    /// <summary>Writes a new key, unless another instance wrote one for the same algorithm and time before.</summary>
    internal async Task AddAsync(SigningKey key, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var pkcs8 = key.ExportPkcs8();
        await new RowInserter<SigningKeyRow>(db).InsertAsync(
            db,
            new SigningKeyRow
            {
                Kid = key.Kid,
                Algorithm = key.Algorithm,
                PublicJwk = key.PublicKey.ToJson(),
                PrivateKey = masters.Seal(Purpose, key.Kid, pkcs8),
                CreatedAt = key.CreatedAt,
                ActivatesAt = key.ActivatesAt,
                RetiresAt = key.RetiresAt,
                ExpiresAt = key.ExpiresAt,
            },
            " ON CONFLICT DO NOTHING",
            cancellationToken);
        CryptographicOperations.ZeroMemory(pkcs8);
    }

    /// <summary>Has the keys sign no longer than until <paramref name="retiresAt"/>.</summary>
    internal async Task RetireAsync(IEnumerable<SigningKey> keys, DateTimeOffset retiresAt, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var kids = keys.Select(key => key.Kid).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.SigningKeys.Where(key => kids.Contains(key.Kid) && key.RetiresAt > retiresAt).ExecuteUpdateAsync(
            set => set.SetProperty(key => key.RetiresAt, retiresAt).SetProperty(key => key.ExpiresAt, expiresAt), cancellationToken);
    }

    /// <summary>Deletes keys that nobody needs.</summary>
    internal async Task<int> DeleteExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.SigningKeys.Where(key => key.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
    }

    private SigningKey Open(SigningKeyRow row)
    {
        var pkcs8 = masters.Open(Purpose, row.Kid, row.PrivateKey);
        return SigningKey.Import(row.Algorithm, pkcs8, TimesOf(row));
    }

    private static SigningKeyTimes TimesOf(SigningKeyRow row) => new(row.CreatedAt, row.ActivatesAt, row.RetiresAt, row.ExpiresAt);
}
