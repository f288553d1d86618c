using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core;

/// <summary>Binds options to a section so that everything wrong with it is said at once, at the start: typing errors in names, values that cannot be read, values out of range.</summary>
internal static class OptionsSection
{
    public static void AddSection<T>(this IServiceCollection services, IConfiguration configuration, string name, Func<T, IEnumerable<string>> problems)
        where T : class, new()
    {
        var section = configuration.GetSection(name);
        services.AddOptions<T>().Configure(options => Read(section, options)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(new Validator<T>(section, problems));
    }

    private static List<string> Read<T>(IConfigurationSection section, T options)
        where T : class
    {
        var failures = new List<string>();
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).ToList();
        foreach (var setting in section.GetChildren())
        {
            if (properties.Find(property => property.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
                failures.Add($"{setting.Path} is unknown. Known here: {string.Join(", ", properties.Select(known => known.Name))}.");
            else if (!TrySet(options, property, setting.Value))
                failures.Add($"{setting.Path} cannot be read: it must be {Readable(property.PropertyType)}.");
        }

        return failures;
    }

    private static bool TrySet(object options, PropertyInfo property, string? text)
    {
        try
        {
            property.SetValue(options, TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(text ?? ""));
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Readable(Type type) =>
        type == typeof(TimeSpan) ? "a time such as 00:05:00 or 14.00:00:00" : type == typeof(bool) ? "true or false" : type == typeof(int) ? "a whole number" : $"a {type.Name}";

    private sealed class Validator<T>(IConfigurationSection section, Func<T, IEnumerable<string>> problems) : IValidateOptions<T>
        where T : class, new()
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            List<string> failures = [.. Read(section, new T()), .. problems(options)];
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
