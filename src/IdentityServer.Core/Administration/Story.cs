namespace IdentityServer.Core.Administration;

/// <summary>One thing that happened to a person or an address.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What, e.g. <c>audit.wrong_code</c>, <c>message.sent</c>, <c>session.ended</c>.</param>
/// <param name="Text">The same in a plain sentence.</param>
/// <param name="Facts">Ids and numbers to follow it up; no address, code or link.</param>
public sealed record StoryEntry(DateTimeOffset At, string Kind, string Text, IReadOnlyDictionary<string, string> Facts);

/// <summary>What happened to a person or an address, oldest first.</summary>
/// <param name="UserId">The account; null when the address has none.</param>
/// <param name="Entries">The newest ones, at most as many as were asked for.</param>
public sealed record Story(Guid? UserId, IReadOnlyList<StoryEntry> Entries);

/// <summary>Puts entries together.</summary>
internal sealed class StoryWriter
{
    private readonly List<StoryEntry> entries = [];

    public void Add(DateTimeOffset at, string kind, string text, params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in facts)
        {
            if (!string.IsNullOrEmpty(value))
                kept[name] = value;
        }

        entries.Add(new(at, kind, text, kept));
    }

    public void Add(DateTimeOffset at, string kind, string text, IReadOnlyDictionary<string, string> facts) => entries.Add(new(at, kind, text, facts));

    // A sort that keeps what happened at the same moment in the order in which it was told.
    public IReadOnlyList<StoryEntry> Newest(int most) => [.. entries.OrderBy(entry => entry.At).TakeLast(most)];
}
