using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IdentityServer.Core;

namespace IdentityServer.Tests.Hosting;

/// <summary>Writes every setting as a row of one table, from the options classes and their documentation.</summary>
internal static partial class SettingsTable
{
    private static readonly Dictionary<string, XElement> Documented = Documentation();

    public static string Of(IEnumerable<SettingsSection> sections)
    {
        var table = new StringBuilder("| setting | default | what |\n|---|---|---|\n");
        foreach (var section in sections.OrderBy(section => section.Name, StringComparer.Ordinal))
            Append(table, section.Name, section.Type);
        return table.ToString();
    }

    private static void Append(StringBuilder table, string path, Type type)
    {
        if (Item(type) is { } item && IsOptions(item))
        {
            Append(table, $"{path}:{(IsDictionary(type) ? "<name>" : "<n>")}", item);
            return;
        }

        if (Item(type) is { } texts && Item(texts) == typeof(string))
        {
            table.Append(CultureInfo.InvariantCulture, $"| `{path}:<language>:<key>` |  | Words of your own for one text; its key and its gaps are those of the resource files. |\n");
            return;
        }

        var defaults = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite || Item(property.PropertyType) is not null))
        {
            var name = $"{path}:{property.Name}";
            if (IsOptions(property.PropertyType) || (Item(property.PropertyType) is { } inner && IsOptions(inner)))
                Append(table, name, property.PropertyType);
            else
                table.Append(CultureInfo.InvariantCulture, $"| `{name}{Suffix(property.PropertyType)}` | {Value(property.GetValue(defaults))} | {Words(property)} |\n");
        }
    }

    private static string Suffix(Type type) => IsDictionary(type) ? ":<name>" : Item(type) is not null ? ":<n>" : "";

    private static bool IsOptions(Type type) =>
        type.IsClass && type != typeof(string) && Item(type) is null && type.Assembly.GetName().Name!.StartsWith("IdentityServer", StringComparison.Ordinal);

    private static bool IsDictionary(Type type) => type.IsGenericType && type.GetGenericArguments().Length == 2;

    private static Type? Item(Type type) =>
        type.IsArray ? type.GetElementType()
        : type != typeof(string) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[^1]
        : null;

    private static string Value(object? value) => value switch
    {
        null or "" => "",
        bool yes => yes ? "`true`" : "`false`",
        TimeSpan span => $"`{span:c}`",
        string text => $"`{text}`",
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Value)),
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => $"`{value}`",
    };

    private static string Words(PropertyInfo property)
    {
        var member = $"P:{property.DeclaringType!.FullName!.Replace('+', '.')}.{property.Name}";
        if (!Documented.TryGetValue(member, out var summary))
            throw new InvalidOperationException($"{member} has no summary: settings are documented by theirs.");
        var text = string.Concat(summary.Nodes().Select(Markdown));
        if (Nullable.GetUnderlyingType(property.PropertyType) is { IsEnum: true } optional)
            text += Choices(optional);
        else if (property.PropertyType.IsEnum)
            text += Choices(property.PropertyType);
        return Spaces().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string Choices(Type type) => $" One of {string.Join(", ", Enum.GetNames(type).Select(name => $"`{name}`"))}.";

    private static string Markdown(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement element when element.Attribute("cref") is { } cref => $"`{cref.Value[(cref.Value.LastIndexOf('.') + 1)..]}`",
        XElement element => string.Concat(element.Nodes().Select(Markdown)),
        _ => "",
    };

    private static Dictionary<string, XElement> Documentation() =>
        new[] { "IdentityServer", "IdentityServer.UI", "IdentityServer.Core", "IdentityServer.Protocol" }
            .SelectMany(name => XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{name}.xml")).Descendants("member"))
            // What the compiler generates for regular expressions bears the same name in each project.
            .Where(member => member.Element("summary") is not null && !member.Attribute("name")!.Value.Contains(".Generated.", StringComparison.Ordinal))
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!, StringComparer.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
