using System.Collections;
using System.Reflection;
using IdentityServer.Core;
using Microsoft.Extensions.Configuration.Json;

namespace IdentityServer.Hosting;

/// <summary>Finds names in the configuration that no option bears, so that a typo stops the start instead of leaving a default in force.</summary>
internal static class SettingNames
{
    // Sections of the framework that the server does not bind itself.
    private static readonly string[] FrameworkSections =
        ["Logging", "Kestrel", "AllowedHosts", "urls", "http_ports", "https_ports", "environment", "contentRoot", "DetailedErrors", "$schema"];

    /// <summary>One line a problem.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="sections">Section name to the type that it is bound to.</param>
    public static IEnumerable<string> Problems(IConfigurationRoot configuration, IReadOnlyDictionary<string, Type> sections)
    {
        var known = sections.Keys.Concat(FrameworkSections).ToArray();

        // Only files are checked at the top: environment variables hold names of the whole machine.
        var topLevel = configuration.Providers.OfType<JsonConfigurationProvider>()
            .SelectMany(provider => provider.GetChildKeys([], parentPath: null).Select(key => (key, file: provider.Source.Path)));
        foreach (var (key, file) in topLevel.Distinct())
        {
            if (!known.Contains(key, StringComparer.OrdinalIgnoreCase))
                yield return $"{file}: there is no section \"{key}\"; {NearestName.Advice(key, known)}";
        }

        foreach (var (name, type) in sections)
        {
            foreach (var problem in Unknown(configuration.GetSection(name), type, sections))
                yield return problem;
        }
    }

    private static IEnumerable<string> Unknown(IConfigurationSection section, Type type, IReadOnlyDictionary<string, Type> sections)
    {
        // A section inside another, e.g. that of a provider, is looked at by itself.
        var children = section.GetChildren().Where(child => !sections.Keys.Contains(child.Path, StringComparer.OrdinalIgnoreCase)).ToArray();
        var isSingle = type == typeof(string) || type.IsValueType;
        if (children.Length == 0)
            return isSingle || string.IsNullOrEmpty(section.Value) ? [] : [$"{section.Path}: this is no single value; {(type.IsArray || ItemType(type) is not null ? $"write a list, as {section.Path}:0" : "it has settings below it")}."];
        if (ItemType(type) is { } item)
            return children.SelectMany(child => Unknown(child, item, sections));

        // A leaf (text, number, time span) with children below it is reported by the binder in its own words.
        if (isSingle)
            return [];

        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .ToDictionary(property => property.Name, property => property.PropertyType, StringComparer.OrdinalIgnoreCase);
        return children.SelectMany(child => properties.TryGetValue(child.Key, out var property)
            ? Unknown(child, property, sections)
            : [$"{child.Path}: there is no such setting; {NearestName.Advice(child.Key, properties.Keys)}"]);
    }

    // What a list or a dictionary by name holds; null when the type is neither.
    internal static Type? ItemType(Type type) =>
        type.IsArray ? type.GetElementType()
        : type != typeof(string) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[^1]
        : null;
}
