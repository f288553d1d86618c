using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Writes text messages as files instead of sending them, for development. A file appears complete, by renaming.</summary>
internal sealed class SmsFileSender(IOptions<DeliveryOptions> options, IHostEnvironment environment) : ISender
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string directory = Path.GetFullPath(options.Value.Sms.File.Directory, environment.ContentRootPath);

    public string Name => "sms-file";

    public Channel Channel => Channel.Sms;

    /// <summary>A second try writes the same file.</summary>
    public bool RepeatsSafely => true;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, $"{message.Id:N}.txt");
        try
        {
            // Messages hold codes: only this account reads them.
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, OwnerOnly);
            await File.WriteAllTextAsync($"{path}.part", $"To: {message.To}\n\n{message.Content.Text}\n", cancellationToken);
            File.Move($"{path}.part", path, overwrite: true);
            return new SendResult.Accepted(message.Id.ToString("N"));
        }
        catch (UnauthorizedAccessException)
        {
            return new SendResult.Misconfigured("Delivery:Sms:File:Directory cannot be written to");
        }
        catch (IOException exception)
        {
            return new SendResult.Retry(exception.GetType().Name);
        }
    }
}
