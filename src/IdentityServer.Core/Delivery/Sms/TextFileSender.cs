using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>Section <c>Delivery:Sms:File</c>.</summary>
public sealed class TextFileOptions
{
    /// <summary>Where texts are written, relative to the content root.</summary>
    public string Directory { get; set; } = "data/sms";

    internal static IEnumerable<string> Problems(TextFileOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Directory))
            yield return "Delivery:Sms:File:Directory must not be empty.";
    }
}

/// <summary>Writes texts as files instead of sending them, for development: <c>To:</c> and the number, an empty line, the text. A file appears complete, by renaming.</summary>
internal sealed class TextFileSender(IOptions<TextFileOptions> options, IHostEnvironment environment) : ISender
{
    private readonly string directory = Path.GetFullPath(options.Value.Directory, environment.ContentRootPath);

    public string Name => "file";

    public Channel Channel => Channel.Sms;

    /// <summary>A second try writes the same file.</summary>
    public bool RepeatsSafely => true;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!Gateway.IsE164(message.To))
            return new SendResult.Rejected("not a phone number in E.164 form");
        var unfinished = Path.Combine(directory, $".{message.Id:N}");
        try
        {
            PrivateFolder.Make(directory);
            await File.WriteAllTextAsync(unfinished, $"To: {message.To}\n\n{message.Content.Text}\n", cancellationToken);
            File.Move(unfinished, Path.Combine(directory, $"{message.Id:N}.txt"), overwrite: true);
            return new SendResult.Accepted(message.Id.ToString("N"));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            return new SendResult.Misconfigured("Delivery:Sms:File:Directory cannot be written to");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return new SendResult.Retry(exception.GetType().Name);
        }
    }
}
