using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace IdentityServer.Core.Tests.Delivery;

internal sealed class TestEnvironment : IHostEnvironment
{
    public string EnvironmentName { get; set; } = "Testing";

    public string ApplicationName { get; set; } = "Tests";

    public string ContentRootPath { get; set; } = Path.GetTempPath();

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
