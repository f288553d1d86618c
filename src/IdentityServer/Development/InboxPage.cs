using System.Globalization;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Development;

/// <summary>The page of the inbox. A script looks for new mails, except while one is open; a timed refresh would take the page from under a screen reader (WCAG 2.2.1).</summary>
internal static class InboxPage
{
    private const int Shown = 30;

    /// <summary>Loads the page anew when there is a mail that it does not show.</summary>
    public const string Script = """
        const newest = async () => (await (await fetch("/dev/inbox.json" + location.search)).json())[0]?.id;
        const shown = newest();
        setInterval(async () => {
          if (!document.hidden && (await newest()) !== (await shown)) location.reload();
        }, 2000);

        """;

    public static IResult Render(List<InboxMail> mails, string? to, Guid? open)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        Page(mails, to, mails.Find(mail => mail.Id == open)).WriteTo(writer, HtmlEncoder.Default);
        return TypedResults.Text(writer.ToString(), "text/html; charset=utf-8");
    }

    private static HtmlFormattableString Page(List<InboxMail> mails, string? to, InboxMail? open) => Html($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Development inbox</title>
        <link rel="icon" href="/img/favicon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/css/site.css">
        <link rel="stylesheet" href="/css/brand.css">
        {(open is null ? new HtmlString("<script src=\"/dev/inbox.js\" defer></script>") : HtmlString.Empty)}
        </head>
        <body>
        <div class="shell">
        <main class="card card-wide">
        <h1>Development inbox</h1>
        {(open is null ? List(mails, to) : Mail(open, to))}
        </main>
        </div>
        </body>
        </html>

        """);

    private static HtmlContentBuilder List(List<InboxMail> mails, string? to)
    {
        var builder = new HtmlContentBuilder();
        builder.AppendHtml(string.IsNullOrEmpty(to)
            ? Html($"<p>Mails and texts that this server wrote to its folders instead of sending them, newest first. <a href=\"/dev/messages\">See every message in every language</a></p>")
            : Html($"<p>Messages to <strong>{to}</strong>, newest first. <a href=\"/dev/inbox\">Show all</a></p>"));
        if (mails.Count == 0)
            builder.AppendHtml(Html($"<p>There is none yet. This page looks again every two seconds.</p>"));
        foreach (var mail in mails.Take(Shown))
            builder.AppendHtml(Entry(mail, to));
        return builder;
    }

    private static HtmlFormattableString Entry(InboxMail mail, string? to) => Html($"""
        <article>
        <h2><a href="/dev/inbox?mail={mail.Id}&amp;to={Uri.EscapeDataString(to ?? "")}">{mail.Subject}</a></h2>
        <p>{mail.To} · <time datetime="{mail.At:O}">{mail.At:yyyy-MM-dd HH:mm:ss} UTC</time></p>
        {(mail.Code is null ? HtmlString.Empty : Html($"<p><code>{mail.Code}</code></p>"))}
        {(mail.Link is null ? HtmlString.Empty : Html($"<p><a href=\"{mail.Link}\">Open the link</a></p>"))}
        </article>

        """);

    private static HtmlFormattableString Mail(InboxMail mail, string? to) => Html($"""
        <p><a href="/dev/inbox?to={Uri.EscapeDataString(to ?? "")}">Back to all mails</a></p>
        {Entry(mail, to)}
        <iframe src="/dev/inbox/{mail.Id}" title="The mail" sandbox="allow-top-navigation-by-user-activation" width="100%" height="720"></iframe>
        <h2>Text part</h2>
        <pre>{mail.Text}</pre>
        """);

    private static HtmlFormattableString Html(FormattableString html) => new(CultureInfo.InvariantCulture, html.Format, html.GetArguments());
}
