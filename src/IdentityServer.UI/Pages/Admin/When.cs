using System.Globalization;
using System.Text;
using IdentityServer.Core.Administration;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>Times and names as the admin site writes them.</summary>
internal static class When
{
    /// <summary>E.g. "2027-03-05 14:07:09", UTC as all times here; a dash for null.</summary>
    public static IHtmlContent Of(DateTimeOffset? at) => new HtmlString(at is { } known
        ? string.Create(CultureInfo.InvariantCulture, $"<time datetime=\"{known.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{known.UtcDateTime:yyyy-MM-dd HH:mm:ss}</time>")
        : "<span class=\"muted\">never</span>");

    /// <summary>"wrong code" for <c>WrongCode</c>.</summary>
    public static string Words(string name)
    {
        var words = new StringBuilder();
        foreach (var letter in name)
        {
            if (words.Length > 0 && char.IsUpper(letter))
                words.Append(' ');
            words.Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }

    /// <summary>The colour of a story's entry: what went well, what went wrong, anything else.</summary>
    public static string Tone(StoryEntry entry) => entry.Kind switch
    {
        "audit.wrong_code" or "audit.limit_reached" or "audit.sms_withheld" or "audit.sign_in_refused" or "audit.user_disabled" => "bad",
        "message.failed" or "message.undelivered" or "limit.paused" or "limit.reached" => "bad",
        "message.expired" => entry.Facts.GetValueOrDefault("error") == "superseded" ? "" : "bad",
        "audit.signed_in" or "audit.signed_up" or "audit.activated" or "audit.address_proved" or "message.sent" or "message.delivered" => "good",
        _ => "",
    };
}
