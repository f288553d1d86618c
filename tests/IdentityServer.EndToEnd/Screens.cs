using Deque.AxeCore.Playwright;
using IdentityServer.Testing;
using Microsoft.Playwright;
using Xunit;

namespace IdentityServer.EndToEnd;

/// <summary>
/// What every page must be on every screen: axe finds nothing, nothing is wider than the screen. The pictures are left in TestResults/screenshots to
/// be looked at.
/// </summary>
/// <param name="Variant">The end of the pictures' names.</param>
internal sealed record Screens(string Variant)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "TestResults", "screenshots");

    /// <summary>How wide a phone is.</summary>
    public static ViewportSize Phone { get; } = new() { Width = 390, Height = 844 };

    public static ViewportSize Desktop { get; } = new() { Width = 1280, Height = 800 };

    public async Task ShowAsync(IPage page, string name, string? url = null)
    {
        if (url is not null)
            await page.GotoAsync(url);
        await page.WaitForLoadStateAsync(LoadState.Load);
        await PictureAsync(page, name);

        await FitsAsync(page, $"{name}-{Variant}");
        var found = await page.RunAxe();
        Assert.True(found.Violations.Length == 0, $"{name}-{Variant}: " + string.Join("\n", found.Violations.Select(violation =>
            $"{violation.Id}: {violation.Help} at {string.Join(", ", violation.Nodes.Select(node => node.Html))}")));
    }

    public static async Task FitsAsync(IPage page, string name)
    {
        var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(overflow <= 0, $"{name} is {overflow} pixels wider than the screen.");
    }

    /// <summary>Alone for a page with a mail in it: axe waits for ever to run in a frame whose sandbox allows no script.</summary>
    public async Task PictureAsync(IPage page, string name)
    {
        Directory.CreateDirectory(Folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{Variant}.png"), FullPage = true });
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
}
