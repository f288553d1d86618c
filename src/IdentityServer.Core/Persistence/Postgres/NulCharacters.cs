using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace IdentityServer.Core.Persistence.Postgres;

/// <summary>
/// PostgreSQL has no text with NUL in it and fails at a query for one, which anybody can make with <c>%00</c> in an address. Here it is looked for, and
/// written, as U+FFFD: what SQLite does not find is not found either.
/// </summary>
internal sealed class NulCharacters : DbCommandInterceptor
{
    public override DbCommand CommandInitialized(CommandEndEventData eventData, DbCommand result)
    {
        foreach (DbParameter parameter in result.Parameters)
        {
            if (parameter.Value is string text && text.Contains('\0', StringComparison.Ordinal))
                parameter.Value = text.Replace('\0', '\uFFFD');
        }

        return result;
    }
}
