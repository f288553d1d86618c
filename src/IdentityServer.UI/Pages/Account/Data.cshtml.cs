using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>All my data in one file. A form, not a link: looking at a page writes nothing, and no other site can start the download.</summary>
public sealed class DataModel(Sessions sessions, PersonalData data, Visitors visitors, TimeProvider time) : SignedInPage(sessions, time)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        WriteIndented = true,
    };

    /// <summary>Shows the page.</summary>
    public IActionResult OnGet() => Page();

    /// <summary>The file.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) =>
        await data.ReadAsync(Session.UserId, new Operator(Session.UserId, "site", visitors.From(HttpContext).Ip), cancellationToken) is { } all
            ? File(JsonSerializer.SerializeToUtf8Bytes(AccountFile.Of(all, Now), Json), "application/json", "account.json")
            : new SeeOther(Paths.SignIn(null));
}
