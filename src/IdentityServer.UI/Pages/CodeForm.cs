namespace IdentityServer.UI.Pages;

/// <summary>The form for a code. Shown by <c>Shared/_CodeForm</c>, whatever the code is for.</summary>
/// <param name="Address">Where the message went.</param>
/// <param name="Length">Digits of the code.</param>
/// <param name="HasLink">Whether the message holds a link, too.</param>
/// <param name="Left">How long the code lives on.</param>
/// <param name="ResendWait">Seconds until another code may be asked for.</param>
public sealed record CodeForm(string Address, int Length, bool HasLink, TimeSpan Left, int ResendWait)
{
    /// <summary>What else there is to say.</summary>
    public Notice? Notice { get; init; }

    /// <summary>What is wrong with the code.</summary>
    public string? Mistake { get; init; }

    /// <summary>The parameters of the page, which its forms repeat.</summary>
    public required Dictionary<string, string> Route { get; init; }

    /// <summary>The way out, in words.</summary>
    public required string Other { get; init; }

    /// <summary>Where the way out leads.</summary>
    public required string OtherPath { get; init; }

    /// <summary>Seconds from <paramref name="now"/> until <paramref name="at"/>, not below zero.</summary>
    public static int Wait(DateTimeOffset at, DateTimeOffset now) => Math.Max(0, (int)Math.Ceiling((at - now).TotalSeconds));
}
