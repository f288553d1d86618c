namespace IdentityServer.Core.Persistence;

/// <summary>Changes applications and scopes.</summary>
public sealed class RegistryWriter;
