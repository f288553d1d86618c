using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Core.Persistence;

/// <summary>
/// Tokens and authorizations in the database. What is spent is claimed by one conditional <c>UPDATE</c>: one row changes, or nothing is written. Locks are
/// always taken in the order authorization, token, so that two writers cannot wait for each other.
/// </summary>
public sealed class Ledger(IDbContextFactory<ServerDb> databases) : ILedger
{
    private static readonly Func<ServerDb, TokenKind, string, Task<Token?>> FindToken = EF.CompileAsyncQuery(
        (ServerDb db, TokenKind kind, string reference) =>
            db.Tokens.AsNoTracking().FirstOrDefault(token => token.Reference == reference && token.Kind == kind));

    private static readonly Func<ServerDb, Guid, Task<Authorization?>> FindAuthorization = EF.CompileAsyncQuery(
        (ServerDb db, Guid id) => db.Authorizations.AsNoTracking().FirstOrDefault(authorization => authorization.Id == id));

    private static readonly Func<ServerDb, byte[], Task<bool>> IsConsumed = EF.CompileAsyncQuery(
        (ServerDb db, byte[] hash) => db.ConsumedIds.Any(id => id.Hash == hash));
}
