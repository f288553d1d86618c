using IdentityServer.Core.Delivery;
using IdentityServer.Core.Delivery.Sms;
using IdentityServer.Protocol;
using Microsoft.Extensions.Options;

namespace IdentityServer.Development;

/// <summary>A mail or a text as the inbox shows it.</summary>
/// <param name="Id">The message's id.</param>
/// <param name="To">The address.</param>
/// <param name="Subject">The subject; a text's first line.</param>
/// <param name="Text">The text part.</param>
/// <param name="Html">The HTML part.</param>
/// <param name="Code">The code in it, if any.</param>
/// <param name="Link">The link in it, if any.</param>
/// <param name="At">When it was written.</param>
internal sealed record InboxMail(Guid Id, string To, string Subject, string Text, string? Html, string? Code, string? Link, DateTimeOffset At);

/// <summary>
/// Shows the mails and texts that the file senders wrote. Owns <c>/dev/inbox</c>, <c>/dev/inbox/{id}</c>, <c>/dev/inbox.json</c> and <c>/dev/inbox.js</c>,
/// in Development only: they show everybody's codes.
/// </summary>
public static class DevelopmentInbox
{
    private const int MostMails = 200;
    private const string PagePolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    private const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";

    /// <summary>Maps the inbox.</summary>
    /// <exception cref="InvalidOperationException">The environment is not Development.</exception>
    public static IEndpointRouteBuilder MapDevelopmentInbox(this IEndpointRouteBuilder endpoints)
    {
        if (!endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
            throw new InvalidOperationException("The inbox shows everybody's codes: it is for Development only.");
        var inbox = endpoints.MapGroup("/dev").ExcludeFromDescription().AddEndpointFilter(async (context, next) =>
            IsOwnHost(context.HttpContext) ? await next(context) : TypedResults.NotFound());
        inbox.MapGet("/inbox.json", Json);
        inbox.MapGet("/inbox.js", () => TypedResults.Text(InboxPage.Script, "text/javascript; charset=utf-8"));
        inbox.MapGet("/inbox", Page);
        inbox.MapGet("/inbox/{id:guid}", Mail);
        return endpoints;
    }

    // DNS rebinding: a page of any website whose name is pointed at this machine would read everybody's codes.
    internal static bool IsOwnHost(HttpContext context)
    {
        var host = context.Request.Host;
        return Issuer.IsLoopback(host.Host)
            || (context.RequestServices.GetRequiredService<IOptions<ProtocolOptions>>().Value.Issuer is { } issuer
                && string.Equals(host.Host, new Uri(issuer).Host, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<IResult> Json(string? to, HttpContext context)
    {
        Protect(context, "default-src 'none'; frame-ancestors 'none'");
        return TypedResults.Json(await ReadAsync(context, to));
    }

    private static async Task<IResult> Page(string? to, Guid? mail, HttpContext context)
    {
        Protect(context, PagePolicy);
        return InboxPage.Render(await ReadAsync(context, to), to, mail);
    }

    private static async Task<IResult> Mail(Guid id, HttpContext context)
    {
        Protect(context, MailPolicy);
        var file = Folders(context).SelectMany(folder => (FileInfo[])[new(Path.Combine(folder, $"{id:N}.eml")), new(Path.Combine(folder, $"{id:N}.txt"))]).FirstOrDefault(file => file.Exists);
        if (file is null)
            return TypedResults.NotFound();
        var mail = await ReadAsync(file);
        // Links leave the frame: the pages behind them refuse to be framed.
        var html = mail?.Html?.Replace("<head>", "<head><base target=\"_top\">", StringComparison.Ordinal);
        return html is null ? TypedResults.Text(mail?.Text) : TypedResults.Text(html, "text/html; charset=utf-8");
    }

    private static async Task<List<InboxMail>> ReadAsync(HttpContext context, string? to)
    {
        var mails = new List<InboxMail>();
        // A UUIDv7 begins with the time, in 12 hexadecimal digits, when the mail was asked for.
        var files = Files(context)
            .OrderByDescending(file => file.Name[..Math.Min(12, file.Name.Length)], StringComparer.Ordinal)
            .ThenByDescending(file => file.LastWriteTimeUtc);
        foreach (var file in files.Take(MostMails))
        {
            if (await ReadAsync(file) is { } mail && (string.IsNullOrEmpty(to) || mail.To.Equals(to, StringComparison.OrdinalIgnoreCase)))
                mails.Add(mail);
        }

        return mails;
    }

    /// <summary>What the file senders wrote.</summary>
    internal static IEnumerable<FileInfo> Files(HttpContext context) => Folders(context).Select(folder => new DirectoryInfo(folder)).Where(folder => folder.Exists)
        .SelectMany(folder => folder.EnumerateFiles())
        .Where(file => file.Extension is ".eml" or ".txt");

    /// <summary>Null for a file that is no mail of ours, or gone meanwhile.</summary>
    private static async Task<InboxMail?> ReadAsync(FileInfo file)
    {
        if (!Guid.TryParseExact(Path.GetFileNameWithoutExtension(file.Name), "N", out var id))
            return null;
        try
        {
            var at = new DateTimeOffset(file.LastWriteTimeUtc);
            var content = await File.ReadAllTextAsync(file.FullName);
            return file.Extension == ".txt" ? MailReader.ReadText(id, content, at) : MailReader.Read(id, content, at);
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Folders(HttpContext context)
    {
        var services = context.RequestServices;
        string[] folders =
        [
            services.GetRequiredService<IOptions<DeliveryOptions>>().Value.Email.File.Directory,
            services.GetRequiredService<IOptions<TextFileOptions>>().Value.Directory,
        ];
        return folders.Select(folder => Path.GetFullPath(folder, services.GetRequiredService<IHostEnvironment>().ContentRootPath)).Distinct(StringComparer.Ordinal);
    }

    private static void Protect(HttpContext context, string policy)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }
}
