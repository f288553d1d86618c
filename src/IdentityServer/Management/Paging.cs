using System.Globalization;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Http.Extensions;

namespace IdentityServer.Management;

/// <summary>A part of a list on the wire.</summary>
/// <param name="Count">Rows of the whole list.</param>
/// <param name="Next">Where the next part is; null at the end.</param>
/// <param name="Previous">Where the part before is; null at the beginning.</param>
/// <param name="Results">The rows of this part.</param>
internal sealed record PageJson<T>(int Count, string? Next, string? Previous, IReadOnlyList<T> Results);

/// <summary>Which part of a list is asked for: <c>?limit=50&amp;offset=0</c>. A handler's parameter; problems are answered by <see cref="Check"/>.</summary>
/// <param name="Limit">1 to 200; 50 when not said.</param>
/// <param name="Offset">Rows to skip.</param>
internal sealed record Paging(int? Limit, int? Offset)
{
    private const int Default = 50;
    private const int Most = 200;

    /// <summary>Rows at most.</summary>
    public int Take => Limit ?? Default;

    /// <summary>Rows to skip.</summary>
    public int Skip => Offset ?? 0;

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public IResult? Check() =>
        Take is < 1 or > Most ? Problem.Field("limit", $"Must be 1 to {Most}.")
        : Skip < 0 ? Problem.Field("offset", "Must be 0 or more.")
        : null;

    /// <summary>The answer, with the addresses of the parts beside it; other parameters of the query stay.</summary>
    public PageJson<TJson> Page<T, TJson>(HttpContext context, Listed<T> part, Func<T, TJson> json) => new(
        part.Count,
        Skip < part.Count - Take ? At(context, Skip + Take) : null,
        Skip > 0 ? At(context, Math.Max(0, Skip - Take)) : null,
        [.. part.Items.Select(json)]);

    private string At(HttpContext context, int offset)
    {
        var query = new QueryBuilder(context.Request.Query
            .Where(pair => pair.Key is not ("limit" or "offset"))
            .SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value ?? "")))
        {
            { "limit", Take.ToString(CultureInfo.InvariantCulture) },
            { "offset", offset.ToString(CultureInfo.InvariantCulture) },
        };
        return UriHelper.BuildRelative(context.Request.PathBase, context.Request.Path, query.ToQueryString());
    }
}
