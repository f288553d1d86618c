using IdentityServer.Protocol.Model;
using IdentityServer.Protocol.Tokens;

namespace IdentityServer.Protocol.Authorize;

/// <summary>Writes authorization codes: the one thing that the authorization endpoint writes.</summary>
internal sealed class AuthorizationCodes(ILedger ledger)
{
    /// <summary>Commits a code together with the ad hoc authorization that everything bought with it hangs on, and returns the code.</summary>
    public async Task<string> CreateAsync(AuthorizeRequest request, Application application, Session session, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var code = Handle.Create();
        var authorization = new Authorization
        {
            Id = Guid.CreateVersion7(now),
            ApplicationId = application.Id,
            UserId = session.UserId,
            Kind = AuthorizationKind.AdHoc,
            Scopes = request.Scopes,
            SessionId = session.Id,
            GrantedAt = now,
        };
        var token = new Token
        {
            Id = Guid.CreateVersion7(now),
            Kind = TokenKind.Code,
            Reference = Handle.Reference(code),
            ApplicationId = application.Id,
            AuthorizationId = authorization.Id,
            UserId = session.UserId,
            SessionId = session.Id,
            Payload = Payload(request, session).ToJson(),
            CreatedAt = now,
            ExpiresAt = now + application.CodeLifetime,
        };
        return await ledger.CommitAsync(new Issuance { Authorization = authorization, Tokens = [token] }, cancellationToken)
            ? code
            : throw new InvalidOperationException("The ledger refused an issuance that spends nothing.");
    }

    private static TokenPayload Payload(AuthorizeRequest request, Session session) => new()
    {
        Scopes = request.Scopes,
        AuthenticatedAt = session.AuthenticatedAt,
        Methods = session.Methods,
        Nonce = request.Nonce,
        RedirectUri = request.RedirectUri,
        CodeChallenge = request.CodeChallenge,
    };
}
