using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IdentityServer.Tests.Development;

public sealed class DevelopmentGuidesTests : IAsyncDisposable
{
    private readonly Server server = new();

    [Theory]
    [InlineData("README.md", HttpStatusCode.OK)]
    [InlineData("docs/guide.md", HttpStatusCode.OK)]
    [InlineData("docs/missing.md", HttpStatusCode.NotFound)]
    [InlineData("certs/secret.md", HttpStatusCode.NotFound)]
    [InlineData("docs/..%2Fcerts%2Fsecret.md", HttpStatusCode.NotFound)]
    [InlineData("docs/..%2F..%2F..%2Fetc%2Fpasswd", HttpStatusCode.NotFound)]
    [InlineData("appsettings.Development.json", HttpStatusCode.NotFound)]
    public async Task Only_documents_are_shown(string path, HttpStatusCode status)
    {
        var root = server.Services.GetRequiredService<IHostEnvironment>().ContentRootPath;
        foreach (var file in new[] { "README.md", "docs/guide.md", "certs/secret.md" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
            await File.WriteAllTextAsync(Path.Combine(root, file), "# Words & <script>alert(1)</script>");
        }

        using var client = server.NewClient();
        using var response = await client.GetAsync($"/dev/docs/{path}");
        Assert.Equal(status, response.StatusCode);
        Assert.DoesNotContain("<script", await response.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
