using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Where texts are written.</summary>
public sealed class TextFileOptions
{
    /// <summary>Relative to the content root.</summary>
    public string Directory { get; set; } = "data/sms";
}

/// <summary>Writes texts as files instead of sending them, for development: <c>To:</c> and the number, an empty line, the text. A file appears complete, by renaming.</summary>
internal sealed class TextFileSender(IOptions<TextFileOptions> options, IHostEnvironment environment) : ISender
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string directory = Path.GetFullPath(options.Value.Directory, environment.ContentRootPath);

    public string Name => "file";

    public Channel Channel => Channel.Sms;

    /// <summary>A second try writes the same file.</summary>
    public bool RepeatsSafely => true;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        var unfinished = Path.Combine(directory, $".{message.Id:N}");
        try
        {
            // Messages hold codes: only this account reads them.
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, OwnerOnly);
            await File.WriteAllTextAsync(unfinished, $"To: {message.To}\n\n{message.Content.Text}\n", cancellationToken);
            File.Move(unfinished, Path.Combine(directory, $"{message.Id:N}.txt"), overwrite: true);
            return new SendResult.Accepted(message.Id.ToString("N"));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            return new SendResult.Misconfigured("Delivery:Sms:File:Directory cannot be written to");
        }
        catch (IOException exception)
        {
            return new SendResult.Retry(exception.GetType().Name);
        }
    }
}
