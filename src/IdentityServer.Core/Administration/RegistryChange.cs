namespace IdentityServer.Core.Administration;

/// <summary>What a change of an application or a scope came to.</summary>
public abstract record RegistryChange
{
    private RegistryChange()
    {
    }

    /// <summary>It is so now.</summary>
    public sealed record Done : RegistryChange;

    /// <summary>There is none of this name.</summary>
    public sealed record NotFound : RegistryChange;

    /// <summary>It is not as the caller read it: somebody changed it meanwhile.</summary>
    public sealed record Stale : RegistryChange;

    /// <summary>It cannot be changed as things are.</summary>
    /// <param name="Reason">Why, and what to do, in one sentence or two.</param>
    public sealed record Refused(string Reason) : RegistryChange;

    /// <summary>It breaks the rules.</summary>
    /// <param name="Problems">One sentence each.</param>
    public sealed record Invalid(IReadOnlyList<string> Problems) : RegistryChange;
}

/// <summary>What configuration declares: it is written again at each start, so that a change by other ways would not last.</summary>
/// <param name="Applications">By <c>client_id</c>.</param>
/// <param name="Scopes">By name.</param>
public sealed record DeclaredNames(IReadOnlySet<string> Applications, IReadOnlySet<string> Scopes)
{
    /// <summary>Nothing.</summary>
    public static DeclaredNames None { get; } = new(new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
}
