using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Email;
using IdentityServer.Testing.Contracts;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.Delivery;

public sealed class FileSenderTests : SenderContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-mail-").FullName;

    private string Mails => Path.Combine(folder, "data", "mail");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override Task<ISender> AcceptingAsync() => Task.FromResult<ISender>(Sender("data/mail"));

    protected override async Task<IReadOnlyList<string>> ReceivedAsync() =>
        !Directory.Exists(Mails) ? [] : await Task.WhenAll(Directory.GetFiles(Mails, "*.eml", SearchOption.AllDirectories).Select(file => File.ReadAllTextAsync(file)));

    [Fact]
    public async Task A_mail_is_a_file_of_its_message_s_id_and_nothing_else_is_left()
    {
        var message = Message();
        await Sender("data/mail").SendAsync(message, In(20));
        await Sender("data/mail").SendAsync(message, In(20));

        Assert.Equal([Path.Combine(Mails, $"{message.Id:N}.eml")], Directory.GetFileSystemEntries(Mails));
    }

    [Fact]
    public async Task A_mail_holds_both_parts_and_the_headers_of_an_automatic_message()
    {
        await Sender("data/mail").SendAsync(Message(), In(20));

        var mail = Assert.Single(await ReceivedAsync());
        foreach (var line in (string[])["Message-ID: <", "Auto-Submitted: auto-generated", "Content-Type: multipart/alternative", "To: ada@example.org", "Date: ", "\r\nYour code:\r\n\r\n493817\r\n.\r\n..dots\r\n"])
            Assert.Contains(line, mail, StringComparison.OrdinalIgnoreCase);
        Assert.True(mail.IndexOf("text/plain", StringComparison.Ordinal) < mail.IndexOf("text/html", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_server_s_account_reads_the_mails()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        await Sender("data/mail").SendAsync(Message(), In(20));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Mails));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_told_to_the_operator()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "taken"), "");
        var result = await Sender("taken").SendAsync(Message(), In(20));
        Assert.True(result is SendResult.Misconfigured or SendResult.Retry, $"{result}");
    }

    private FileSender Sender(string directory) => new FileSender(
        Options.Create(new DeliveryOptions { Email = { File = { Directory = directory } } }), new TestEnvironment { ContentRootPath = folder });
}
