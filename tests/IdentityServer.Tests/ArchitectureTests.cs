using System.Reflection;
using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>The arrows of docs/architecture.md.</summary>
public sealed partial class ArchitectureTests
{
    // What each folder of Core may use beside Protocol and itself.
    private static readonly Dictionary<string, string[]> CoreLayers = new(StringComparer.Ordinal)
    {
        ["SignIn"] = ["Proofs", "Users", "Delivery", "Abuse", "Audit", "Keys", "Persistence"],
        ["Proofs"] = ["Users", "Delivery", "Abuse", "Audit", "Keys", "Persistence"],
        ["Consent"] = ["Users", "Audit", "Keys", "Persistence"],
        ["Administration"] = ["Proofs", "Users", "Delivery", "Abuse", "Audit", "Keys", "Persistence"],
        ["Account"] = ["Proofs", "Users", "Delivery", "Abuse", "Audit", "Keys", "Persistence"],
        ["Users"] = ["Abuse", "Audit", "Keys", "Persistence"],
        ["Delivery"] = ["Audit", "Keys", "Persistence"],
        ["Abuse"] = ["Keys", "Persistence"],
        ["Audit"] = ["Persistence"],
        ["Keys"] = ["Persistence"],
        ["Persistence"] = [],
    };

    [Theory]
    [InlineData("IdentityServer.Protocol")]
    [InlineData("IdentityServer.Core", "IdentityServer.Protocol")]
    [InlineData("IdentityServer.UI", "IdentityServer.Protocol", "IdentityServer.Core")]
    public void A_project_knows_only_those_to_its_right(string name, params string[] allowed)
    {
        var own = Assembly.Load(name).GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(reference => reference.StartsWith("IdentityServer", StringComparison.Ordinal));
        Assert.Empty(own.Except(allowed));
    }

    [Fact]
    public void Protocol_has_no_package()
    {
        var project = File.ReadAllText(Path.Combine(Repository.Root, "src", "IdentityServer.Protocol", "IdentityServer.Protocol.csproj"));
        Assert.DoesNotContain("PackageReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_Core_knows_only_those_below_it()
    {
        var core = Path.Combine(Repository.Root, "src", "IdentityServer.Core");
        var breaches = new List<string>();
        foreach (var folder in Directory.GetDirectories(core).Select(path => Path.GetFileName(path)!).Where(folder => folder is not ("bin" or "obj")))
        {
            Assert.True(CoreLayers.ContainsKey(folder), $"Core has a new folder {folder}: say in CoreLayers what it may use.");
            foreach (var file in Directory.GetFiles(Path.Combine(core, folder), "*.cs", SearchOption.AllDirectories))
            {
                var used = CoreNamespace().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Distinct(StringComparer.Ordinal);
                breaches.AddRange(used
                    .Where(other => other != folder && CoreLayers.ContainsKey(other) && !CoreLayers[folder].Contains(other, StringComparer.Ordinal))
                    .Select(other => $"{Path.GetRelativePath(core, file)} uses {other}"));
            }
        }

        Assert.Empty(breaches);
    }

    [Fact]
    public void A_namespace_is_never_named_like_a_type_inside_it()
    {
        var clashes = new[] { "IdentityServer.Protocol", "IdentityServer.Core", "IdentityServer.UI", "IdentityServer" }
            .SelectMany(name => Assembly.Load(name).GetTypes())
            .Where(type => type.Namespace is { } space && space.EndsWith($".{type.Name}", StringComparison.Ordinal))
            .Select(type => type.FullName);
        Assert.Empty(clashes);
    }

    [GeneratedRegex(@"IdentityServer\.Core\.([A-Za-z]+)")]
    private static partial Regex CoreNamespace();
}
