using IdentityServer.Protocol.Model;

namespace IdentityServer.Core.Persistence;

/// <summary>The scopes of this server's own API. A scope says what an application may do; what its user may do, their roles say.</summary>
public static class ApiScopes
{
    /// <summary>The API in the <c>aud</c> of access tokens.</summary>
    public const string Resource = "urn:identityserver:api";

    /// <summary>The person's own profile, addresses, sessions and data.</summary>
    public const string Account = "account";

    /// <summary>Reading users.</summary>
    public const string ReadUsers = "users:read";

    /// <summary>Making, changing and deleting users.</summary>
    public const string WriteUsers = "users:write";

    /// <summary>Roles, applications, scopes, sessions, messages, keys and the audit log.</summary>
    public const string Admin = "admin";

    internal static Scope[] All { get; } =
    [
        new() { Name = Account, DisplayName = "Your account", Description = "See and change your profile, addresses and sessions.", Resources = [Resource] },
        new() { Name = ReadUsers, DisplayName = "Read users", Description = "See the users of this server.", Resources = [Resource] },
        new() { Name = WriteUsers, DisplayName = "Manage users", Description = "Make, change and delete users of this server.", Resources = [Resource] },
        new() { Name = Admin, DisplayName = "Administration", Description = "Manage this server.", Resources = [Resource] },
    ];
}
