using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IdentityServer.EndToEnd;

/// <summary>
/// Waiting for pages. The browser's driver itself looks again and again: Playwright's own waits for an address or a load hear of them by events, which on a
/// busy machine can come between the look and the listening, and are then waited for in vain.
/// </summary>
internal static class Arrival
{
    /// <summary>Waits until a page is loaded whose address matches a regular expression.</summary>
    public static async Task ArriveAsync(this IPage page, string address)
    {
        await Expect(page).ToHaveURLAsync(new Regex(address));
        await page.LoadedAsync();
    }

    public static Task LoadedAsync(this IPage page) => Expect(page.Locator(":root")).ToHaveJSPropertyAsync("ownerDocument.readyState", "complete");
}
