using Microsoft.AspNetCore.Http;

namespace IdentityServer.Protocol.UserInfo;

/// <summary>Finds the access token of a request (RFC 6750 §2): in the header, or in the form of a POST. Never in the query, which ends up in logs and histories.</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <summary>The token; neither token nor error when the request carries none.</summary>
    public static async Task<(string? Token, ProtocolError? Error)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var (inHeader, refusal) = InHeader(request);
        if (refusal is not null)
            return (null, refusal);

        string? inBody = null;
        if (HttpMethods.IsPost(request.Method) && request.HasFormContentType)
        {
            var read = await Parameters.ReadAsync(request, cancellationToken);
            if (read is ParametersResult.Refused(var error))
                return (null, error);
            inBody = ((ParametersResult.Read)read).Parameters["access_token"];
        }

        // RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
        if (inBody is not null && request.Headers.Authorization.Count > 0)
            return Bad("The access token is there twice: in the Authorization header and in the body.");
        return (inHeader ?? inBody, null);
    }

    /// <summary>The token in the header alone, for requests whose body is not a form.</summary>
    public static (string? Token, ProtocolError? Error) InHeader(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        if (header.Count > 1)
            return Bad("There is more than one Authorization header.");
        if (request.Query.ContainsKey("access_token"))
            return Bad("Send the access token in the Authorization header; in the query it is not accepted.");
        if (header.Count == 0)
            return (null, null);

        // RFC 6750 §3.1: who "attempted using an unsupported authentication method" gets a challenge without an error, like who sent none.
        return (header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[0]![Scheme.Length..].Trim() : null, null);
    }

    private static (string? Token, ProtocolError? Error) Bad(string description) => (null, ProtocolError.InvalidRequest(description));
}
