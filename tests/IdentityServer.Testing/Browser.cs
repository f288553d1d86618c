using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace IdentityServer.Testing;

/// <summary>A browser without scripts: keeps cookies, follows redirects within the server, submits forms with their hidden fields.</summary>
public sealed class Browser(Func<HttpMessageHandler> server, Uri origin, Browser? same = null)
{
    private readonly CookieContainer cookies = same?.cookies ?? new();
    private readonly HttpMessageInvoker invoker = new(server());

    /// <summary>The cookies of the server's origin.</summary>
    public IReadOnlyList<Cookie> Cookies => cookies.GetCookies(origin).ToList();

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase) { ["Accept"] = "text/html" };

    /// <summary>This browser at another port of the same host: cookies know no ports (RFC 6265 §8.5).</summary>
    public Browser At(string otherOrigin) => new(server, new Uri(otherOrigin), this);

    public Task<Page> GetAsync(string url) => FollowAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(origin, url)));

    /// <summary>One request, no redirect followed.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.RequestUri = new Uri(origin, request.RequestUri!);
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (cookies.GetCookieHeader(request.RequestUri!) is { Length: > 0 } header)
            request.Headers.TryAddWithoutValidation("Cookie", header);

        var response = await invoker.SendAsync(request, CancellationToken.None);
        if (response.Headers.TryGetValues("Set-Cookie", out var values))
        {
            foreach (var value in values)
                cookies.SetCookies(request.RequestUri!, value);
        }

        return response;
    }

    /// <summary>Sends the form around the button that is named so, with the given fields filled in.</summary>
    public Task<Page> SubmitAsync(Page page, string button, params (string Name, string Value)[] fields) => FollowAsync(Form(page, button, fields));

    /// <summary>The request that <see cref="SubmitAsync"/> would send, for tests that send it twice or in parallel.</summary>
    public HttpRequestMessage Form(Page page, string button, params (string Name, string Value)[] fields)
    {
        var pressed = page.Document.QuerySelectorAll<IHtmlButtonElement>("button")
            .FirstOrDefault(candidate => candidate.TextContent.Trim().Contains(button, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidOperationException($"There is no button \"{button}\" at {page.Url}:\n{page.Text}");
        var form = pressed.Form ?? throw new InvalidOperationException($"The button \"{button}\" is in no form.");
        var values = Values(form);
        foreach (var (name, value) in fields)
        {
            // Boxes that are not ticked are in the page, and may be.
            if (!form.Elements.Any(element => element.GetAttribute("name") == name))
                throw new InvalidOperationException($"There is no field \"{name}\" in the form at {page.Url}; there are {string.Join(", ", values.Select(pair => pair.Key))}.");
            values.RemoveAll(pair => pair.Key == name);
        }

        values.AddRange(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        if (pressed.Name is { Length: > 0 } pressedName)
            values.Add(KeyValuePair.Create(pressedName, pressed.Value));
        var action = new Uri(page.Url, pressed.GetAttribute("formaction") ?? form.GetAttribute("action") ?? page.Url.ToString());
        return string.Equals(form.Method, "post", StringComparison.OrdinalIgnoreCase)
            ? new HttpRequestMessage(HttpMethod.Post, action) { Content = new FormUrlEncodedContent(values) }
            : new HttpRequestMessage(HttpMethod.Get, new UriBuilder(action) { Query = new FormUrlEncodedContent(values).ReadAsStringAsync().Result }.Uri);
    }

    private static List<KeyValuePair<string, string>> Values(IHtmlFormElement form) =>
    [
        .. form.Elements.Where(element => element.GetAttribute("name") is { Length: > 0 } && !element.IsDisabled()).Select(element => element switch
        {
            IHtmlInputElement { Type: "checkbox" or "radio", IsChecked: false } => (string?)null,
            IHtmlInputElement input => input.Value,
            IHtmlTextAreaElement area => area.Value,
            IHtmlSelectElement select => select.Value ?? "",
            _ => null,
        } is { } value ? KeyValuePair.Create(element.GetAttribute("name")!, value) : default).Where(pair => pair.Key is not null),
    ];

    public async Task<Page> FollowAsync(HttpRequestMessage request)
    {
        for (var hops = 0; hops < 20; hops++)
        {
            var response = await SendAsync(request);

            // RFC 9700 §4.12: 307 would send what was posted on; 302 leaves it to the browser.
            if ((int)response.StatusCode is > 300 and < 400 and not 303)
                throw new InvalidOperationException($"{request.RequestUri!.AbsolutePath} redirects with {(int)response.StatusCode} instead of 303.");
            if (response.StatusCode is not HttpStatusCode.SeeOther)
            {
                var html = await response.Content.ReadAsStringAsync();
                return new Page(request.RequestUri!, response, html, await new HtmlParser().ParseDocumentAsync(html));
            }

            var location = new Uri(request.RequestUri!, response.Headers.Location!);
            if (!string.Equals(location.Authority, origin.Authority, StringComparison.Ordinal) || location.Scheme != origin.Scheme)
                return new Page(location, response, "", await new HtmlParser().ParseDocumentAsync(""));
            request = new HttpRequestMessage(HttpMethod.Get, location);
        }

        throw new InvalidOperationException($"More than 20 redirects; the last led to {request.RequestUri}.");
    }
}

/// <summary>Where a browser came to rest: a page of the server, or the foreign address that it was sent to (then without content).</summary>
public sealed record Page(Uri Url, HttpResponseMessage Response, string Html, IHtmlDocument Document)
{
    public HttpStatusCode Status => Response.StatusCode;

    /// <summary>What a person reads, in one line.</summary>
    public string Text => string.Join(' ', (Document.Body?.TextContent ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A parameter of the address.</summary>
    public string? Query(string name) => System.Web.HttpUtility.ParseQueryString(Url.Query)[name];
}
