using System.Globalization;
using System.Text.Encodings.Web;
using IdentityServer.Core.Delivery;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityServer.Development;

/// <summary>
/// Shows every message as it would be sent, in every language and channel, this deployment's own texts and brand included. Owns <c>/dev/messages</c>
/// (<c>?language=fa</c> for one language) and <c>/dev/messages/{template}/{language}</c>, in Development only.
/// </summary>
public static class MessagePreviews
{
    private const string PagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; sandbox";

    private static readonly Dictionary<string, string> Sample = new(StringComparer.Ordinal)
    {
        ["code"] = "047291",
        ["link"] = "https://id.example.com/sign-in/link?token=an-example-that-opens-nothing",
        ["minutes"] = "5",
        ["days"] = "7",
        ["address"] = "a•••@e•••.com",
        ["application"] = "Harbour Photos",
        ["host"] = "id.example.com",
    };

    /// <summary>Maps the previews.</summary>
    /// <exception cref="InvalidOperationException">The environment is not Development.</exception>
    public static IEndpointRouteBuilder MapMessagePreviews(this IEndpointRouteBuilder endpoints)
    {
        if (!endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
            throw new InvalidOperationException("The previews are for Development only.");
        var previews = endpoints.MapGroup("/dev/messages").ExcludeFromDescription();
        previews.MapGet("", Page);
        previews.MapGet("/{template}/{language}", Mail);
        return endpoints;
    }

    private static ContentHttpResult Page(string? language, IMessageRenderer renderer, HttpContext context)
    {
        Protect(context, PagePolicy);
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        Document(Language.Tags.Where(tag => language is null || tag == language), renderer).WriteTo(writer, HtmlEncoder.Default);
        return TypedResults.Text(writer.ToString(), "text/html; charset=utf-8");
    }

    private static IResult Mail(string template, string language, IMessageRenderer renderer, HttpContext context)
    {
        Protect(context, MailPolicy);
        return Enum.TryParse<MessageTemplate>(template, out var which) && Enum.IsDefined(which) && Language.Tags.Contains(language, StringComparer.Ordinal)
            ? TypedResults.Text(renderer.Render(which, Channel.Email, language, Sample).Html, "text/html; charset=utf-8")
            : TypedResults.NotFound();
    }

    private static HtmlFormattableString Document(IEnumerable<string> languages, IMessageRenderer renderer) => Html($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Messages</title>
        <link rel="icon" href="/img/favicon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/css/site.css">
        <link rel="stylesheet" href="/css/brand.css">
        </head>
        <body>
        <div class="shell">
        <main class="card card-wide previews">
        <h1>Messages</h1>
        <p>Every message in every language, as mail and as text message.</p>
        <nav aria-label="Language">{Join(Language.Supported.Select(culture => Html($"<a href=\"/dev/messages?language={culture.Name}\" lang=\"{culture.Name}\">{Words.BuiltIn.Text(culture, "Language.Name")}</a> ")))}<a href="/dev/messages">All</a></nav>
        {Join(languages.SelectMany(tag => Enum.GetValues<MessageTemplate>().Select(template => Entry(template, Language.Named(tag), renderer))))}
        </main>
        </div>
        </body>
        </html>

        """);

    // Plain text has no direction of its own: mail programs and phones take each line's from its first letter, as dir="auto" does in a pre.
    private static HtmlFormattableString Entry(MessageTemplate template, CultureInfo culture, IMessageRenderer renderer)
    {
        var mail = renderer.Render(template, Channel.Email, culture.Name, Sample);
        var sms = renderer.Render(template, Channel.Sms, culture.Name, Sample);
        return Html($"""
            <article>
            <h2>{template.ToString()}, {culture.EnglishName}</h2>
            <h3>Mail</h3>
            <p lang="{culture.Name}" dir="{Language.Direction(culture)}"><strong>{mail.Subject}</strong></p>
            <iframe src="/dev/messages/{template.ToString()}/{culture.Name}" title="{template.ToString()}, {culture.EnglishName}: the mail" sandbox="" loading="lazy" width="100%" height="720"></iframe>
            <h3>The mail as plain text</h3>
            <pre lang="{culture.Name}" dir="auto" tabindex="0">{mail.Text}</pre>
            <h3>Text message</h3>
            <pre lang="{culture.Name}" dir="auto" tabindex="0">{sms.Text}</pre>
            </article>

            """);
    }

    private static HtmlContentBuilder Join(IEnumerable<IHtmlContent> parts)
    {
        var builder = new HtmlContentBuilder();
        foreach (var part in parts)
            builder.AppendHtml(part);
        return builder;
    }

    private static void Protect(HttpContext context, string policy)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }

    private static HtmlFormattableString Html(FormattableString html) => new(CultureInfo.InvariantCulture, html.Format, html.GetArguments());
}
