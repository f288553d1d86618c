using System.Text;
using IdentityServer.Core.Users;
using IdentityServer.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Users;

public sealed class VisitorTests
{
    // PostgreSQL's driver throws on half a surrogate pair: a sign-in with such a browser would be a server error.
    [Fact]
    public void A_long_user_agent_is_cut_between_characters()
    {
        var context = new DefaultHttpContext();
        (context.Request.Scheme, context.Request.Host) = ("http", new HostString("localhost"));
        context.Request.Headers.UserAgent = new string('a', 255) + "😀 and more";

        var visitor = new Visitors(new Issuer(Options.Create(new ProtocolOptions())), TimeProvider.System).From(context);

        Assert.Equal(new string('a', 255), visitor.UserAgent);
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(visitor.UserAgent!);
    }
}
