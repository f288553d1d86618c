using Deque.AxeCore.Commons;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;

namespace IdentityServer.EndToEnd;

/// <summary>A screen to look at a page on.</summary>
/// <param name="Name">In the pictures' names.</param>
/// <param name="Size">In CSS pixels.</param>
/// <param name="Scheme">Light or dark.</param>
internal sealed record Look(string Name, ViewportSize Size, ColorScheme Scheme)
{
    /// <summary>Phone and desktop, light and dark.</summary>
    public static Look[] All { get; } =
    [
        new("phone-light", Screens.Phone, ColorScheme.Light), new("phone-dark", Screens.Phone, ColorScheme.Dark),
        new("desktop-dark", Screens.Desktop, ColorScheme.Dark), new("desktop-light", Screens.Desktop, ColorScheme.Light),
    ];

    /// <summary>
    /// All for the first language. For a second, which is written from the right, each size and each scheme once: colours know nothing of directions, so that
    /// what is still new in it shows on either size.
    /// </summary>
    public static Look[] For(string language) => language == "en-GB" ? All : [All[1], All[3]];
}

/// <summary>
/// What every page must be on every screen: axe finds nothing, nothing is wider than the screen, even when it is zoomed. The pictures are left in
/// TestResults/screenshots to be looked at. A page is walked to once a language and then looked at on its screens, which suffices: the server sends the same
/// page to all of them, size and colours are the browser's alone. axe is loaded once a page and run on each screen.
/// </summary>
/// <param name="Variant">The end of the pictures' names.</param>
/// <param name="Looks">The screens; none for the page's own.</param>
internal sealed record Screens(string Variant, params Look[] Looks)
{
    // Beyond what axe looks for by itself: WCAG 2.2's 2.5.8, "The size of the target for pointer inputs is at least 24 by 24 CSS pixels".
    private const string Run = """
        async () => (await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }))
          .violations.map(found => `${found.id}: ${found.help} at ${found.nodes.map(node => node.html).join(", ")}`)
        """;

    private static readonly string Folder = Path.Combine(Repository.Root, "TestResults", "screenshots");
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    /// <summary>How wide a phone is.</summary>
    public static ViewportSize Phone { get; } = new() { Width = 390, Height = 844 };

    public static ViewportSize Desktop { get; } = new() { Width = 1280, Height = 800 };

    public async Task ShowAsync(IPage page, string name, string? url = null)
    {
        if (url is not null)
            await page.GotoAsync(url);
        await page.LoadedAsync();
        await page.EvaluateAsync(Axe);
        if (Looks.Length == 0)
            await LookAsync(page, $"{name}-{Variant}");
        foreach (var look in Looks)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = look.Scheme });
            await page.SetViewportSizeAsync(look.Size.Width, look.Size.Height);
            await LookAsync(page, $"{name}-{look.Name}-{Variant}");
        }

        if (Looks.Length == 0)
            return;
        await ZoomAsync(page, $"{name}-{Variant}");
        await page.SetViewportSizeAsync(Looks[^1].Size.Width, Looks[^1].Size.Height);
    }

    public static async Task FitsAsync(IPage page, string name)
    {
        var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(overflow <= 0, $"{name} is {overflow} pixels wider than the screen.");
    }

    /// <summary>Alone for a page with a mail in it: axe waits for ever to run in a frame whose sandbox allows no script.</summary>
    public async Task PictureAsync(IPage page, string name)
    {
        if (Looks.Length == 0)
            await PhotographAsync(page, $"{name}-{Variant}");
        foreach (var look in Looks)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = look.Scheme });
            await page.SetViewportSizeAsync(look.Size.Width, look.Size.Height);
            await PhotographAsync(page, $"{name}-{look.Name}-{Variant}");
        }
    }

    /// <summary>Fills in the page's one field and sends it.</summary>
    public static async Task TypeAsync(IPage page, string text)
    {
        await page.GetByRole(AriaRole.Textbox).FillAsync(text);
        await AnsweredAsync(page, () => page.Keyboard.PressAsync("Enter"));
    }

    /// <summary>A code that comes in at once, as from the keyboard's suggestion, is sent by the page itself.</summary>
    public static Task FillCodeAsync(IPage page, string code) => AnsweredAsync(page, () => page.GetByRole(AriaRole.Textbox).FillAsync(code));

    /// <summary>Does something that loads another page, and waits until it is loaded.</summary>
    public static async Task AnsweredAsync(IPage page, Func<Task> action)
    {
        var loaded = new TaskCompletionSource();
        void OnLoad(object? sender, IPage e) => loaded.TrySetResult();
        page.Load += OnLoad;
        await action();
        await loaded.Task.WaitAsync(TimeSpan.FromSeconds(15));
        page.Load -= OnLoad;
    }

    // 200 % on a desktop is 640 CSS pixels wide, 400 % is 320: WCAG 1.4.4 and 1.4.10.
    private static async Task ZoomAsync(IPage page, string name)
    {
        foreach (var width in new[] { 640, 320 })
        {
            await page.SetViewportSizeAsync(width, 400);
            await FitsAsync(page, $"{name}, {width} wide,");
        }
    }

    private static async Task LookAsync(IPage page, string name)
    {
        await PhotographAsync(page, name);
        await FitsAsync(page, name);
        var found = await page.EvaluateAsync<string[]>(Run);
        Assert.True(found.Length == 0, $"{name}: {string.Join('\n', found)}");
    }

    private static async Task PhotographAsync(IPage page, string name)
    {
        Directory.CreateDirectory(Folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png"), FullPage = true });
    }
}
