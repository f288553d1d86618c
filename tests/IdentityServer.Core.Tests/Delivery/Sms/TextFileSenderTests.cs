using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Testing.Contracts;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery.Sms;

public sealed class TextFileSenderTests : SenderContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-sms-").FullName;

    protected override Channel Channel => Channel.Sms;

    private string Texts => Path.Combine(folder, "data", "sms");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override Task<ISender> AcceptingAsync() =>
        Task.FromResult<ISender>(new TextFileSender(Options.Create(new TextFileOptions()), new TestEnvironment { ContentRootPath = folder }));

    protected override async Task<IReadOnlyList<string>> ReceivedAsync() => !Directory.Exists(Texts)
        ? []
        : await Task.WhenAll(Directory.GetFiles(Texts).Select(async file => $"{Path.GetFileName(file)} {await File.ReadAllTextAsync(file)}"));

    [Fact]
    public async Task A_text_is_a_file_of_its_message_s_id()
    {
        await (await AcceptingAsync()).SendAsync(Message(), In(20));
        Assert.Equal($"To: {Number}\n\n{Message().Content.Text}\n", await File.ReadAllTextAsync(Path.Combine(Texts, $"{Message().Id:N}.txt")));
    }
}
