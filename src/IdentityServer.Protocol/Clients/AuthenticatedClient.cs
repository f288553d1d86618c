using IdentityServer.Protocol.Model;

namespace IdentityServer.Protocol.Clients;

/// <summary>An application that proved who it is, or, when public, said who it is. Only the client authenticator makes one.</summary>
public sealed class AuthenticatedClient
{
    internal AuthenticatedClient(Application application) => Application = application;

    /// <summary>The application.</summary>
    public Application Application { get; }
}

/// <summary>What authenticating a client came to.</summary>
public abstract record ClientAuthentication
{
    private ClientAuthentication()
    {
    }

    /// <summary>The client is who it says.</summary>
    public sealed record Authenticated(AuthenticatedClient Client) : ClientAuthentication;

    /// <summary>It is not, or it tried two ways at once.</summary>
    public sealed record Refused(ProtocolError Error) : ClientAuthentication;
}

/// <summary>What reading a request of an application came to.</summary>
public abstract record ClientRequest
{
    private ClientRequest()
    {
    }

    /// <summary>The form is readable and the client is who it says.</summary>
    public sealed record Accepted(AuthenticatedClient Client, Parameters Parameters) : ClientRequest;

    /// <summary>It is not, with the error to answer.</summary>
    public sealed record Refused(ProtocolError Error) : ClientRequest;
}
