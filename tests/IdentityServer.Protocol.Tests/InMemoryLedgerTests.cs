using IdentityServer.Testing.Contracts;
using IdentityServer.Testing.InMemory;

namespace IdentityServer.Protocol.Tests;

public sealed class InMemoryLedgerTests : LedgerContract
{
    private readonly InMemoryLedger ledger = new();

    protected override Task<T> UseAsync<T>(Func<ILedger, Task<T>> use) => use(ledger);
}
