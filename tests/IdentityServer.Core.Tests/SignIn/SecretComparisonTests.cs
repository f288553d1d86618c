using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

/// <summary>
/// C13, read from the source: a difference of nanoseconds cannot be measured on a machine that others use too, and a test that measures it passes for
/// a comparison that leaks.
/// </summary>
public sealed partial class SecretComparisonTests
{
    // Public keys; hashes of secrets that configuration declares; lists of columns.
    private static readonly string[] HoldNoSecretOfAVisitor = ["DiscoveryCache.cs", "RegistryWriter.cs", "JsonList.cs"];

    // C13
    [Fact]
    public void Bytes_are_compared_in_constant_time()
    {
        var others = Sources().Where(file => file.Text.Contains("SequenceEqual(", StringComparison.Ordinal)).Select(file => file.Name);
        Assert.Empty(others.Except(HoldNoSecretOfAVisitor, StringComparer.Ordinal));
    }

    // C13
    [Theory]
    [InlineData("CodeChecker.cs", "Mac")]
    [InlineData("Challenges.cs", "BrowserHash")]
    [InlineData("UseLink.cs", "BrowserHash")]
    public void Codes_and_browsers_are_compared_in_constant_time(string name, string what)
    {
        var text = Sources().Single(file => file.Name == name && !file.Text.Contains("IEntityTypeConfiguration", StringComparison.Ordinal)).Text;
        Assert.Matches($@"FixedTimeEquals\(\w+\.{what}\b", text);
        Assert.DoesNotMatch($@"\.{what}\s*(==|!=)|\.{what}\.Equals", text);
    }

    // C13: a loop that ends at the first match would tell which of several keys a code was made with.
    [Fact]
    public void All_keys_are_tried_whichever_matches() =>
        Assert.Matches("found \\| CryptographicOperations", Sources().Single(file => file.Name == "CodeChecker.cs").Text);

    private static IEnumerable<(string Name, string Text)> Sources() => Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Generated().IsMatch(file))
        .Select(file => (Path.GetFileName(file), File.ReadAllText(file)));

    [GeneratedRegex(@"[/\\](obj|bin|Migrations)[/\\]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Generated();
}
