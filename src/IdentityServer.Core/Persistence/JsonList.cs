using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IdentityServer.Core.Persistence;

/// <summary>A list as JSON text, alike on every database.</summary>
internal sealed class JsonList<T>() : ValueConverter<IReadOnlyList<T>, string>(
    list => JsonSerializer.Serialize(list, JsonSerializerOptions.Default),
    text => JsonSerializer.Deserialize<List<T>>(text, JsonSerializerOptions.Default)!);

/// <summary>Lists are replaced, never changed in place; equal items in the same order are the same list.</summary>
internal sealed class JsonListComparer<T>() : ValueComparer<IReadOnlyList<T>>(
    (one, other) => one == null ? other == null : other != null && one.SequenceEqual(other),
    list => list.Count,
    list => list);
