using System.Security.Cryptography;
using System.Text;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol.Clients;

/// <summary>
/// Finds out which application calls, and whether it is that application: <c>client_secret_basic</c>, <c>client_secret_post</c>
/// (RFC 6749 §2.3.1), or <c>none</c> for public applications, which only say who they are.
/// </summary>
public sealed class ClientAuthenticator(IRegistry registry, TimeProvider time)
{
    // One text for all: who calls does not learn whether the application exists or only the secret was wrong.
    private const string Unauthenticated =
        "The client is unknown or did not authenticate as it is registered. Check client_id and the secret; a public client sends client_id and no secret.";

    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    /// <summary>The first two phases of every endpoint that applications call: reads the form and authenticates the caller. Writes nothing.</summary>
    public async Task<ClientRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var read = await Parameters.ReadAsync(request, cancellationToken);
        if (read is not ParametersResult.Read(var parameters))
            return new ClientRequest.Refused(((ParametersResult.Refused)read).Error);

        return await AuthenticateAsync(request, parameters, cancellationToken) switch
        {
            ClientAuthentication.Authenticated(var client) => new ClientRequest.Accepted(client, parameters),
            ClientAuthentication.Refused(var error) => new ClientRequest.Refused(error),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>Authenticates the caller of an endpoint whose form is <paramref name="parameters"/>. Writes nothing.</summary>
    public async Task<ClientAuthentication> AuthenticateAsync(HttpRequest request, Parameters parameters, CancellationToken cancellationToken) =>
        Read(request, parameters) switch
        {
            Attempt.Refused(var error) => new ClientAuthentication.Refused(error),
            Attempt.Made made => await CheckAsync(made, cancellationToken),
            _ => throw new InvalidOperationException(),
        };

    private async Task<ClientAuthentication> CheckAsync(Attempt.Made attempt, CancellationToken cancellationToken)
    {
        var application = await registry.FindApplicationAsync(attempt.ClientId, cancellationToken);
        var proved = ProvesSecret(application, attempt.Secret ?? "");
        if (application is null)
            return Refuse("There is no such client.");

        return (application.Type, attempt.Secret) switch
        {
            (ApplicationType.Public, null) => new ClientAuthentication.Authenticated(new AuthenticatedClient(application)),
            (ApplicationType.Public, _) => Refuse($"The public client {application.ClientId} sent a secret."),
            (_, null) => Refuse($"The confidential client {application.ClientId} sent no secret."),
            _ when proved => new ClientAuthentication.Authenticated(new AuthenticatedClient(application)),
            _ => Refuse($"The client {application.ClientId} sent a secret that is wrong or expired."),
        };
    }

    // The same work for every caller: one hash, one comparison at least, and no early return.
    private bool ProvesSecret(Application? application, string secret)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
        var now = time.GetUtcNow();
        var proved = CryptographicOperations.FixedTimeEquals(hash, NoHash);
        foreach (var known in application?.Secrets ?? [])
            proved |= CryptographicOperations.FixedTimeEquals(hash, known.Hash) & (known.ExpiresAt is not { } end || end > now);
        return proved;
    }

    private static Attempt Read(HttpRequest request, Parameters parameters)
    {
        // RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
        var header = request.Headers.Authorization;
        if (header.Count > 1)
            return Bad("There is more than one Authorization header.");
        if (parameters["client_assertion"] is not null || parameters["client_assertion_type"] is not null)
            return new Attempt.Refused(ProtocolError.InvalidClient("Client assertions are not supported: use client_secret_basic or client_secret_post."));
        if (header.Count == 0)
        {
            return parameters["client_id"] is { } id
                ? new Attempt.Made(id, parameters["client_secret"])
                : new Attempt.Refused(ProtocolError.InvalidClient("The client did not say who it is: send client_id, or HTTP Basic authentication."));
        }

        if (parameters["client_secret"] is not null)
            return Bad("The client authenticated twice: send the secret in the Authorization header or in the body, not in both.");
        if (BasicCredentials.Read(header[0]) is not { } basic)
            return new Attempt.Refused(ProtocolError.InvalidClient("The Authorization header is not HTTP Basic with client_id and secret, each form-url-encoded."));
        return parameters["client_id"] is { } inBody && inBody != basic.ClientId
            ? Bad("client_id in the body differs from the one in the Authorization header.")
            : new Attempt.Made(basic.ClientId, basic.Secret);
    }

    private static ClientAuthentication.Refused Refuse(string logDetail) =>
        new(ProtocolError.InvalidClient(Unauthenticated) with { LogDetail = logDetail });

    private static Attempt.Refused Bad(string description) => new(ProtocolError.InvalidRequest(description));

    private abstract record Attempt
    {
        public sealed record Made(string ClientId, string? Secret) : Attempt;

        public sealed record Refused(ProtocolError Error) : Attempt;
    }
}
