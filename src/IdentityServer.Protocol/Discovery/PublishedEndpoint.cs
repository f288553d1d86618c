using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace IdentityServer.Protocol.Discovery;

/// <summary>Marks a mapped endpoint as one that discovery names.</summary>
/// <param name="Member">The member of the document, e.g. <c>token_endpoint</c> (RFC 8414 §2).</param>
internal sealed record PublishedEndpoint(string Member);

/// <summary>Puts endpoints into discovery, and finds them.</summary>
internal static class PublishedEndpoints
{
    /// <summary>Names the endpoint in discovery as <paramref name="member"/>.</summary>
    public static TBuilder PublishAs<TBuilder>(this TBuilder endpoint, string member)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new PublishedEndpoint(member));

    /// <summary>Every member with the path that it is mapped to.</summary>
    public static IReadOnlyDictionary<string, string> PublishedPaths(this EndpointDataSource source)
    {
        var paths = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var endpoint in source.Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<PublishedEndpoint>() is { } published)
                paths[published.Member] = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
        }

        return paths;
    }
}
