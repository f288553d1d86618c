namespace IdentityServer.Protocol;

/// <summary>Finds the language to speak among those that people wish for (RFC 4647 §3.4, lookup).</summary>
public static class LanguageTags
{
    /// <summary>
    /// The first wish that can be met: exactly, by what it is a variant of (<c>de-AT</c> by <c>de</c>), or by the same language in another script or
    /// region (<c>zh-CN</c> by <c>zh-Hans</c>).
    /// </summary>
    /// <param name="wishes">Language tags (RFC 5646), best first; nonsense is passed over.</param>
    /// <param name="spoken">What there is.</param>
    /// <returns>One of <paramref name="spoken"/>; null when no wish can be met.</returns>
    public static string? Choose(IEnumerable<string> wishes, IReadOnlyCollection<string> spoken)
    {
        foreach (var wish in wishes)
        {
            for (var tag = wish; tag.Length > 0; tag = tag[..Math.Max(tag.LastIndexOf('-'), 0)])
            {
                if (spoken.FirstOrDefault(one => one.Equals(tag, StringComparison.OrdinalIgnoreCase)) is { } found)
                    return found;
            }

            var language = Primary(wish);
            if (language.Length > 0 && spoken.FirstOrDefault(one => Primary(one).Equals(language, StringComparison.OrdinalIgnoreCase)) is { } near)
                return near;
        }

        return null;
    }

    private static string Primary(string tag) => tag.Split('-', 2)[0];
}
