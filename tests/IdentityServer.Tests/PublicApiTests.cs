using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>The public API of the libraries is written to docs/api, so that a change of it is read as a difference. IDENTITYSERVER_WRITE_API=1 rewrites it.</summary>
public sealed class PublicApiTests
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly NullabilityInfoContext Nullability = new();

    [Theory]
    [InlineData("IdentityServer.Protocol")]
    [InlineData("IdentityServer.Core")]
    public void The_public_API_is_the_written_one(string name)
    {
        var path = Path.Combine(Repository.Root, "docs", "api", $"{name}.txt");
        var actual = string.Concat(Assembly.Load(name).GetExportedTypes().Where(type => !IsGenerated(type)).OrderBy(type => type.FullName, StringComparer.Ordinal).Select(Describe));
        if (Environment.GetEnvironmentVariable("IDENTITYSERVER_WRITE_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        var written = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(actual == written, $"The public API of {name} is not the one in docs/api:\n{Differences(written, actual)}\n"
            + "If the change is meant, write it down and review it: IDENTITYSERVER_WRITE_API=1 dotnet test --filter PublicApiTests");
    }

    private static bool IsGenerated(Type type) => type.Namespace?.EndsWith(".Migrations", StringComparison.Ordinal) == true;

    private static string Differences(string written, string actual)
    {
        var (before, after) = (written.Split('\n'), actual.Split('\n'));
        return string.Join('\n', before.Except(after).Select(line => $"- {line}").Concat(after.Except(before).Select(line => $"+ {line}")).Take(40));
    }

    private static string Describe(Type type)
    {
        var text = new StringBuilder().Append(Kind(type)).Append(' ').Append(Name(type));
        var bases = type.GetInterfaces().Where(face => face.IsPublic && face.Namespace?.StartsWith("System", StringComparison.Ordinal) != true).Select(Name).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) && parent != typeof(MulticastDelegate))
            bases = bases.Prepend(Name(parent)).Order(StringComparer.Ordinal);
        if (bases.Any())
            text.Append(" : ").AppendJoin(", ", bases);
        text.Append('\n');
        foreach (var member in type.GetMembers(Own).Select(member => Describe(type, member)).OfType<string>().Order(StringComparer.Ordinal))
            text.Append("  ").Append(member).Append('\n');
        return text.Append('\n').ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static class",
            (true, false) => "abstract class",
            (false, true) => "sealed class",
            _ => "class",
        };

    private static string? Describe(Type type, MemberInfo member) => member switch
    {
        FieldInfo field when type.IsEnum => field.IsLiteral ? $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue())}" : null,
        FieldInfo field when IsSeen(field.IsPublic, field.IsFamily || field.IsFamilyOrAssembly) =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")}",
        PropertyInfo property => Describe(property),
        ConstructorInfo constructor when IsSeen(constructor) && !constructor.IsStatic => $"new({Parameters(constructor)})",
        MethodInfo method when IsSeen(method) && !method.IsSpecialName =>
            $"{(method.IsStatic ? "static " : method.IsAbstract && !type.IsInterface ? "abstract " : "")}{Name(method.ReturnType)} {method.Name}{Arguments(method)}({Parameters(method)})",
        EventInfo { AddMethod: { } add } occasion when IsSeen(add) => $"event {Name(occasion.EventHandlerType!)} {occasion.Name}",
        _ => null,
    };

    private static string? Describe(PropertyInfo property)
    {
        var (get, set) = (property.GetMethod is { } getter && IsVisible(getter), property.SetMethod is { } setter && IsVisible(setter));
        if (!get && !set || property.Name == "EqualityContract")
            return null;
        var init = set && property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var shared = (property.GetMethod ?? property.SetMethod)!.IsStatic ? "static " : "";
        return $"{shared}{required}{Name(property.PropertyType)}{Mark(Nullability.Create(property))} {property.Name} {{ {(get ? "get; " : "")}{(set ? init ? "init; " : "set; " : "")}}}";
    }

    // What the compiler writes for records is the same for all of them.
    private static bool IsSeen(MethodBase method) => IsVisible(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsVisible(MethodBase method) => IsSeen(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly);

    private static bool IsSeen(bool isPublic, bool isProtected) => isPublic || isProtected;

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter =>
            $"{(parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")}{Name(parameter.ParameterType)}{Mark(Nullability.Create(parameter))} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")}"));

    private static string Mark(NullabilityInfo info) =>
        !info.Type.IsValueType && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable) ? "?" : "";

    private static string Arguments(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        if (type.IsGenericParameter)
            return type.Name;
        var plain = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace?.StartsWith("IdentityServer", StringComparison.Ordinal) == true ? type.FullName! : type.Name;
        return type.IsGenericType ? $"{plain.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : plain;
    }
}
