using System.Net.Mail;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>
/// Writes mails as <c>.eml</c> files instead of sending them: for development, and for a mail system that collects
/// them. A file appears complete, by renaming.
/// </summary>
internal sealed class FileSender : ISender
{
    private readonly MailAddress from;
    private readonly string directory;

    public FileSender(IOptions<DeliveryOptions> options, IHostEnvironment environment)
    {
        var file = options.Value.Email.File;
        from = new MailAddress(file.From, file.FromName);
        directory = Path.GetFullPath(file.Directory, environment.ContentRootPath);
    }

    public string Name => "file";

    public Channel Channel => Channel.Email;

    /// <summary>A second try writes the same file.</summary>
    public bool RepeatsSafely => true;

    public bool RepeatsElsewhere => true;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!MailComposer.TryParse(message.To, out var to))
            return new SendResult.Rejected("not an e-mail address");
        var workplace = Path.Combine(directory, $".{message.Id:N}");
        try
        {
            PrivateFolder.Make(directory);
            PrivateFolder.Make(workplace);
            using var mail = MailComposer.Compose(message, to!, from);
            using var client = new SmtpClient
            {
                DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
                DeliveryFormat = MailComposer.Format(to!),
                PickupDirectoryLocation = workplace,
            };
            await client.SendMailAsync(mail, cancellationToken);
            File.Move(Directory.GetFiles(workplace, "*.eml").Single(), Path.Combine(directory, $"{message.Id:N}.eml"), overwrite: true);
            return new SendResult.Accepted(MailComposer.MessageId(message.Id, from));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            return new SendResult.Misconfigured("Delivery:Email:File:Directory cannot be written to");
        }
        catch (Exception exception) when (exception is IOException or SmtpException or OperationCanceledException)
        {
            return new SendResult.Retry(exception.GetType().Name);
        }
        finally
        {
            if (Directory.Exists(workplace))
                Directory.Delete(workplace, recursive: true);
        }
    }
}
