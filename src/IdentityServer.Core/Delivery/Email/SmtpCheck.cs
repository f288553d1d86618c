using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>Signs in to a relay and says goodbye: EHLO, STARTTLS, AUTH LOGIN, NOOP, QUIT (RFC 5321, 3207, 4954), as the sender would.</summary>
internal static class SmtpCheck
{
    // RFC 5321, section 4.5.3.1.5: a reply line is 512 octets; extensions are a few dozen lines.
    private const int MaxReply = 16 * 1024;

    public static async Task<SelfCheck> RunAsync(SmtpOptions smtp, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(smtp.Host!, smtp.Port, cancellationToken);
            return await TalkAsync(client.GetStream(), smtp, cancellationToken);
        }
        catch (SocketException exception)
        {
            return Bad($"no connection ({exception.SocketErrorCode}): check Delivery:Email:Smtp:Host and Port, and the firewall");
        }
        catch (AuthenticationException)
        {
            return Bad("the relay's certificate is not trusted for the name in Delivery:Email:Smtp:Host");
        }
        catch (IOException)
        {
            return Bad("the relay broke the connection");
        }
        catch (OperationCanceledException)
        {
            return Bad("the relay does not answer in time");
        }
    }

    private static async Task<SelfCheck> TalkAsync(Stream plain, SmtpOptions smtp, CancellationToken cancellationToken)
    {
        if (await ReplyAsync(plain, cancellationToken) is not (220, _) and var (greeting, _))
            return Bad(Said("greeting", greeting));
        var (_, extensions) = await AskAsync(plain, "EHLO localhost", cancellationToken);
        if (smtp.StartTls == StartTls.None)
            return await SignInAsync(plain, smtp, cancellationToken);

        if (!extensions.Contains("STARTTLS", StringComparison.OrdinalIgnoreCase) || await AskAsync(plain, "STARTTLS", cancellationToken) is not (220, _))
            return Bad("the relay does not offer STARTTLS on Delivery:Email:Smtp:Port");
        await using var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = smtp.Host }, cancellationToken);
        await AskAsync(secure, "EHLO localhost", cancellationToken);
        return await SignInAsync(secure, smtp, cancellationToken);
    }

    private static async Task<SelfCheck> SignInAsync(Stream stream, SmtpOptions smtp, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(smtp.UserName))
        {
            var (code, _) = await AskAsync(stream, "AUTH LOGIN", cancellationToken);
            if (code == 334)
                (code, _) = await AskAsync(stream, Base64(smtp.UserName), cancellationToken);
            if (code == 334)
                (code, _) = await AskAsync(stream, Base64(smtp.Password!), cancellationToken);
            if (code != 235)
                return Bad($"{Said("AUTH", code)}: check Delivery:Email:Smtp:UserName and Password");
        }

        var (noop, _) = await AskAsync(stream, "NOOP", cancellationToken);
        await stream.WriteAsync("QUIT\r\n"u8.ToArray(), cancellationToken);
        return noop == 250 ? new SelfCheck(true, $"{smtp.Host}:{smtp.Port} lets this server in") : Bad(Said("NOOP", noop));
    }

    private static async Task<(int Code, string Text)> AskAsync(Stream stream, string line, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancellationToken);
        return await ReplyAsync(stream, cancellationToken);
    }

    // RFC 5321, section 4.2.1: the last line of a reply has a space after its code, the others a hyphen.
    private static async Task<(int Code, string Text)> ReplyAsync(Stream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var line = new StringBuilder();
        var buffer = new byte[1];
        while (text.Length + line.Length < MaxReply && await stream.ReadAsync(buffer, cancellationToken) == 1)
        {
            line.Append((char)buffer[0]);
            if (buffer[0] != '\n')
                continue;

            var read = line.ToString();
            text.Append(read);
            line.Clear();
            if (read.Length >= 3 && int.TryParse(read.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) && (read.Length < 4 || read[3] != '-'))
                return (code, text.ToString());
        }

        throw new IOException("No whole reply.");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    // The code alone: a relay's words may quote what it was told.
    private static string Said(string what, int code) => string.Create(CultureInfo.InvariantCulture, $"the relay answers {code} to {what}");

    private static SelfCheck Bad(string text) => new(false, text);
}
