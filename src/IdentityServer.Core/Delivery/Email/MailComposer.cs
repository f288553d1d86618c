using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace IdentityServer.Core.Delivery.Email;

/// <summary>Makes the mail of a message: multipart/alternative, text first (RFC 2046, section 5.1.4), UTF-8.</summary>
internal static class MailComposer
{
    /// <summary>False for what is not exactly one address: a list, a display name or a line break would reach the headers.</summary>
    public static bool TryParse(string address, out MailAddress? parsed) =>
        MailAddress.TryCreate(address, out parsed) && parsed.Address == address && !address.Any(char.IsControl);

    public static MailMessage Compose(OutgoingMessage message, MailAddress to, MailAddress from)
    {
        var mail = new MailMessage(from, to)
        {
            Subject = OneLine(message.Content.Subject ?? ""),
            SubjectEncoding = Encoding.UTF8,
            HeadersEncoding = Encoding.UTF8,
        };
        // The same at every try, so that a mail that was sent twice is recognised as one (RFC 5322, section 3.6.4).
        mail.Headers.Add("Message-ID", MessageId(message.Id, from));
        // RFC 3834, section 5: nobody's holiday notice answers. The second is what Exchange looks at.
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Headers.Add("X-Auto-Response-Suppress", "All");
        mail.AlternateViews.Add(View(message.Content.Text, MediaTypeNames.Text.Plain));
        if (message.Content.Html is { } html)
            mail.AlternateViews.Add(View(html, MediaTypeNames.Text.Html));
        return mail;
    }

    public static string MessageId(Guid id, MailAddress from) => $"<{id:N}@{from.Host}>";

    /// <summary>
    /// Addresses outside ASCII need SMTPUTF8 on the whole way (RFC 6531); nothing else may ask for it, or mails to
    /// everybody would be returned by the first relay without it.
    /// </summary>
    public static SmtpDeliveryFormat Format(MailAddress to) =>
        Ascii.IsValid(to.User) ? SmtpDeliveryFormat.SevenBit : SmtpDeliveryFormat.International;

    private static AlternateView View(string content, string type)
    {
        var lines = content.ReplaceLineEndings("\r\n");
        var view = AlternateView.CreateAlternateViewFromString(lines, Encoding.UTF8, type);
        // As it is where that is allowed (RFC 5322, section 2.1.1: 998 characters a line). Not quoted-printable: .NET
        // writes line breaks as =0D=0A, which RFC 2045, section 6.7, rule 4 forbids.
        view.TransferEncoding = Ascii.IsValid(lines) && lines.Split('\n').All(line => line.Length <= 900)
            ? TransferEncoding.SevenBit
            : TransferEncoding.Base64;
        return view;
    }

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
}
