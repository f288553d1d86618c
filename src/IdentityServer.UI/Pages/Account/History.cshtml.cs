using IdentityServer.Core.Account;
using IdentityServer.Core.Users;
using IdentityServer.UI.Resources;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.UI.Pages.Account;

/// <summary>What happened to my account, in plain words.</summary>
public sealed class HistoryModel(Sessions sessions, OwnHistory history, TimeProvider time) : SignedInPage(sessions, time)
{
    private const int Size = 20;

    // As far as anybody turns pages; a number from the address must not overflow.
    private const int LastPart = 10_000;

    private int count;

    /// <summary>Which part is shown, from 1.</summary>
    public int Part { get; private set; } = 1;

    /// <summary>The newest first.</summary>
    public IReadOnlyList<HistoryEntry> Entries { get; private set; } = [];

    /// <summary>Whether there is a part before this one.</summary>
    public bool HasNewer => Part > 1;

    /// <summary>Whether there is a part after this one.</summary>
    public bool HasOlder => Part * Size < count;

    /// <summary>Shows a part.</summary>
    public async Task OnGetAsync([FromQuery] int? part, CancellationToken cancellationToken)
    {
        Part = Math.Clamp(part ?? 1, 1, LastPart);
        var listed = await history.ListAsync(Session.UserId, (Part - 1) * Size, Size, cancellationToken);
        (count, Entries) = (listed.Count, listed.Items);
    }

    /// <summary>What happened.</summary>
    public static string Words(HistoryEntry entry) => Texts.Text($"History.{entry.Kind}");

    /// <summary>The drawing beside it.</summary>
    public static string IconOf(HistoryEntry entry) => entry.Kind switch
    {
        "WrongCode" or "WrongPassword" or "SignInRefused" or "UserDisabled" => "alert",
        "SignedIn" or "SignedUp" or "Activated" or "UserEnabled" => "check",
        "AddressProved" or "AddressChanged" or "AddressRemoved" or "AddressChangeUndone" => "mail",
        "PasswordChanged" => "key",
        "ConsentGiven" or "AccessRevoked" => "apps",
        "ProfileChanged" => "person",
        "DataDownloaded" => "download",
        _ => "computer",
    };

    /// <summary>When, through which application and where from.</summary>
    public string Describe(HistoryEntry entry)
    {
        var when = Spans.When(entry.At, Now);
        if (entry.Application is { } application)
            when = Texts.Text("History.Through", when, application);
        return entry.Ip is null ? when : Texts.Text("Account.SeenFrom", when, entry.Ip);
    }
}
