using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using IdentityServer.UI.Branding;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.UI.Emails;

/// <summary>
/// The HTML part. Styles stand on the elements, because mail programs drop style sheets; the one sheet only adds dark
/// colours where it is kept. One table, for Outlook, which knows no max-width. No picture, nothing from elsewhere.
/// Every value is encoded: it goes through <see cref="Html"/>.
/// </summary>
internal static class EmailHtml
{
    public static string Write(EmailContent content, BrandOptions brand)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        Page(content, brand).WriteTo(writer, Encoder);
        return writer.ToString();
    }

    // Every script as it is: as numbers, a Persian mail would be six times as long.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static HtmlFormattableString Page(EmailContent content, BrandOptions brand) => Html($$"""
        <!doctype html>
        <html lang="{{content.Language}}" dir="{{content.Direction}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
        <meta name="x-apple-disable-message-reformatting">
        <title>{{content.Subject}}</title>
        <style>
        :root { color-scheme: light dark; }
        @media (prefers-color-scheme: dark) {
          .ground { background: #0d0f14 !important; }
          .card { background: #171a21 !important; border-color: #2c313c !important; }
          .words { color: #eceef2 !important; }
          .quiet { color: #a9b0bd !important; }
          .code { color: #ffffff !important; background: #232833 !important; }
        }
        </style>
        </head>
        <body class="ground" style="margin:0;padding:0;background:#f3f4f7;">
        <div style="display:none;max-height:0;overflow:hidden;opacity:0;">{{content.Preheader}}{{Filler}}</div>
        <table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f4f7;">
        <tr><td align="center" style="padding:24px 12px;">
        <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:480px;">
        <tr><td class="words" style="padding:0 4px 16px;font:600 16px/1.4 {{Font}};color:#1b1f27;">{{brand.Name}}</td></tr>
        <tr><td class="card" style="padding:28px 24px;background:#ffffff;border:1px solid #dfe2e8;border-radius:12px;font:400 16px/1.5 {{Font}};">
        <h1 class="words" style="margin:0 0 12px;font:600 22px/1.3 {{Font}};color:#1b1f27;">{{content.Heading}}</h1>
        <p class="words" style="margin:0;color:#1b1f27;">{{content.Lead}}</p>
        {{Code(content)}}
        {{Link(content.Link, brand)}}
        {{Notes(content.Notes)}}
        </td></tr>
        <tr><td class="quiet" style="padding:16px 4px 0;font:400 13px/1.5 {{Font}};color:#5b6370;">{{content.Footer}}</td></tr>
        </table>
        </td></tr>
        </table>
        </body>
        </html>

        """);

    /// <summary>Spaced by style, not by spaces: what is copied is the code.</summary>
    private static IHtmlContent Code(EmailContent content) => content.Code is not { } code ? HtmlString.Empty : Html($"""
        <p class="code" dir="ltr" style="margin:20px 0 8px;padding:16px 0;text-align:center;background:#eef0f5;border-radius:8px;color:#11141a;font:700 34px/1.2 {Digits};"><span style="letter-spacing:0.22em;padding-left:0.22em;">{code}</span></p>
        <p class="quiet" style="margin:0;font-size:14px;text-align:center;color:#5b6370;">{content.CodeNote}</p>
        """);

    private static IHtmlContent Link(EmailLink? link, BrandOptions brand) => link is null ? HtmlString.Empty : Html($"""
        <p class="words" style="margin:28px 0 12px;color:#1b1f27;">{link.Lead}</p>
        <p style="margin:0;"><a href="{link.Address}" style="display:block;padding:13px 20px;text-align:center;border-radius:8px;background:{brand.PrimaryColor};color:{Rgb.Parse(brand.PrimaryColor).Text};font-weight:600;text-decoration:none;">{link.Label}</a></p>
        <p class="quiet" style="margin:12px 0 0;font-size:13px;color:#5b6370;">{link.Plain}<br><span dir="ltr" style="word-break:break-all;">{link.Address}</span></p>
        """);

    private static HtmlContentBuilder Notes(IReadOnlyList<string> notes)
    {
        var builder = new HtmlContentBuilder();
        foreach (var note in notes)
            builder.AppendHtml(Html($"""<p class="quiet" style="margin:16px 0 0;font-size:14px;color:#5b6370;">{note}</p>""")).AppendLine();
        return builder;
    }

    private static readonly IHtmlContent Font = new HtmlString("-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif");

    private static readonly IHtmlContent Digits = new HtmlString("ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace");

    // Keeps the start of the mail out of the preview line, behind the preheader.
    private static readonly IHtmlContent Filler = new HtmlString(string.Concat(Enumerable.Repeat("&#847;&zwnj;&nbsp;\n", 60)));

    private static HtmlFormattableString Html(FormattableString html) => new(html.Format, html.GetArguments());
}
