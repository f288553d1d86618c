using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.UI.Branding;
using IdentityServer.UI.Emails;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Messages;

/// <summary>
/// Puts messages into words. E-mail: a subject, a text part and an HTML part made from the same <see cref="EmailContent"/>,
/// so that they cannot say different things. Text message: one text, its last line bound to the host.
/// </summary>
public sealed class MessageRenderer(IOptions<BrandOptions> brand) : IMessageRenderer
{
    /// <inheritdoc/>
    public RenderedMessage Render(MessageTemplate template, Channel channel, string locale, IReadOnlyDictionary<string, string> model)
    {
        var values = new Dictionary<string, string>(model, StringComparer.Ordinal) { ["brand"] = brand.Value.Name };
        if (string.IsNullOrWhiteSpace(values.GetValueOrDefault("application")))
            values["application"] = brand.Value.Name;
        var texts = new MessageTexts(locale, values);
        if (channel == Channel.Sms)
            return new RenderedMessage(null, texts[$"{template}.Sms"], null);

        var content = template switch
        {
            MessageTemplate.SignInCode => SignInCode(texts, values),
            _ => Notice(template, texts),
        };
        return new RenderedMessage(content.Subject, EmailText.Write(content), EmailHtml.Write(content, brand.Value));
    }

    private static EmailContent SignInCode(MessageTexts texts, Dictionary<string, string> values) => new()
    {
        Language = texts["Language"],
        Direction = texts["Direction"],
        Subject = texts["SignInCode.Subject"],
        Preheader = texts["SignInCode.Preheader"],
        Heading = texts["SignInCode.Heading"],
        Lead = texts["SignInCode.Lead"],
        Code = values["code"],
        CodeNote = texts["SignInCode.CodeNote"],
        Link = values.GetValueOrDefault("link") is { Length: > 0 } link
            ? new EmailLink(link, texts["SignInCode.LinkLead"], texts["SignInCode.LinkLabel"], texts["SignInCode.LinkPlain"])
            : null,
        Notes = [texts["SignInCode.NotYou"], texts["SignInCode.KeepIt"]],
        Footer = texts["Footer"],
    };

    private static EmailContent Notice(MessageTemplate template, MessageTexts texts) => new()
    {
        Language = texts["Language"],
        Direction = texts["Direction"],
        Subject = texts[$"{template}.Subject"],
        Preheader = texts[$"{template}.Heading"],
        Heading = texts[$"{template}.Heading"],
        Lead = texts[$"{template}.Lead"],
        Notes = [texts[$"{template}.NotYou"]],
        Footer = texts["Footer"],
    };
}
