using System.Net;
using System.Net.Mail;
using System.Security.Authentication;
using IdentityServer.Core.Persistence.Tables;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>
/// Sends by SMTP submission (RFC 6409) with STARTTLS and AUTH LOGIN. The relay's certificate is always verified for the
/// configured host name against what the machine trusts; there is no setting to look away.
/// </summary>
internal sealed class SmtpSender(IOptions<DeliveryOptions> options, TimeProvider clock) : ISender
{
    private readonly SmtpOptions smtp = options.Value.Email.Smtp;

    public string Name => "smtp";

    public Channel Channel => Channel.Email;

    /// <summary>RFC 5321, section 4.5.4.1: a client without an answer tries again; the Message-ID tells the two mails are one.</summary>
    public bool RepeatsSafely => true;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!MailComposer.TryParse(message.To, out var to))
            return new SendResult.Rejected("not an e-mail address");
        var from = new MailAddress(smtp.From!, smtp.FromName);
        using var mail = MailComposer.Compose(message, to!, from, clock.GetUtcNow());
        using var client = new SmtpClient(smtp.Host, smtp.Port)
        {
            EnableSsl = smtp.StartTls == StartTls.Required,
            DeliveryFormat = SmtpDeliveryFormat.International,
            UseDefaultCredentials = false,
            Credentials = string.IsNullOrEmpty(smtp.UserName) ? null : new NetworkCredential(smtp.UserName, smtp.Password),
        };
        try
        {
            await client.SendMailAsync(mail, cancellationToken).WaitAsync(cancellationToken);
            return new SendResult.Accepted(MailComposer.MessageId(message.Id, from));
        }
        catch (OperationCanceledException)
        {
            return new SendResult.Retry("no answer in time");
        }
        catch (SmtpException exception)
        {
            return Classify(exception);
        }
    }

    private static SendResult Classify(SmtpException exception)
    {
        // The texts quote the relay, and the relay quotes the address: only the code is kept.
        var code = (int)exception.StatusCode;
        return exception switch
        {
            _ when exception.InnerException is AuthenticationException =>
                new SendResult.Misconfigured("the relay's certificate is not trusted for Delivery:Email:Smtp:Host"),
            _ => new SendResult.Retry($"SMTP {code}"),
        };
    }
}
