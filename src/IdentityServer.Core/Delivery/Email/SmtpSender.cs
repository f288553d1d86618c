using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using IdentityServer.Core.Persistence.Tables;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>
/// Sends by SMTP submission (RFC 6409) with STARTTLS and AUTH LOGIN. The relay's certificate is always verified for the
/// configured host name against what the machine trusts; there is no setting to look away.
/// </summary>
internal sealed class SmtpSender(SmtpOptions smtp, string name = "smtp") : ISender, IChecksItself
{
    public string Name => name;

    public Channel Channel => Channel.Email;

    /// <summary>RFC 5321, section 4.5.4.1: a client without an answer tries again; the Message-ID tells the two mails are one.</summary>
    public bool RepeatsSafely => true;

    public bool RepeatsElsewhere => true;

    public Task<SelfCheck> CheckAsync(CancellationToken cancellationToken) => SmtpCheck.RunAsync(smtp, cancellationToken);

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!MailComposer.TryParse(message.To, out var to))
            return new SendResult.Rejected("not an e-mail address");
        var from = new MailAddress(smtp.From!, smtp.FromName);
        using var mail = MailComposer.Compose(message, to!, from);
        using var client = new SmtpClient(smtp.Host, smtp.Port)
        {
            EnableSsl = smtp.StartTls == StartTls.Required,
            DeliveryFormat = MailComposer.Format(to!),
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

    /// <summary>Keeps numbers only: the exception's text quotes the relay, and the relay quotes the address.</summary>
    private SendResult Classify(SmtpException exception)
    {
        var code = (int)exception.StatusCode;
        return exception switch
        {
            { InnerException: AuthenticationException } =>
                new SendResult.Misconfigured("the relay's certificate is not trusted for the name in Delivery:Email:Smtp:Host"),
            { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } =>
                new SendResult.Misconfigured("the name in Delivery:Email:Smtp:Host is not known"),
            { InnerException: SocketException socket } => new SendResult.Retry($"no connection ({socket.SocketErrorCode})"),
            { InnerException: IOException } => new SendResult.Retry("the connection broke"),
            // .NET reports the missing extension without a code and without a cause.
            { StatusCode: SmtpStatusCode.GeneralFailure, InnerException: null } when smtp.StartTls == StartTls.Required =>
                new SendResult.Misconfigured("the relay does not offer STARTTLS on Delivery:Email:Smtp:Port"),
            // RFC 4954, section 6. After a refused AUTH .NET goes on without; the relay then answers 530 or 550 to MAIL.
            _ when code is 530 or 534 or 535 or 538 =>
                new SendResult.Misconfigured($"the relay refuses Delivery:Email:Smtp:UserName and Password, or they are missing (SMTP {code})"),
            _ when code is >= 400 and < 500 => new SendResult.Retry($"SMTP {code}"),
            // RFC 5321, section 4.2.3: 550 also stands for policy; that is why dead addresses are not suppressed for long.
            SmtpFailedRecipientException when code is 550 or 551 or 553 => new SendResult.Rejected($"SMTP {code}", SuppressionReason.DeadAddress),
            SmtpFailedRecipientException when code is >= 500 => new SendResult.Rejected($"SMTP {code}"),
            _ when code is >= 500 => new SendResult.Misconfigured($"the relay refuses Delivery:Email:Smtp:From, or the mail (SMTP {code})"),
            _ => new SendResult.Retry("the relay did not answer as expected"),
        };
    }
}
