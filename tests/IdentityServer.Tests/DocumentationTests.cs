using System.Text.RegularExpressions;
using IdentityServer.Testing;
using Xunit;

namespace IdentityServer.Tests;

/// <summary>What the documents say is true of the code.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string, string> Standards()
    {
        var data = new TheoryData<string, string>();
        foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "rfcs.md"))))
        {
            var folder = "";
            foreach (Match file in FileName().Matches(row.Groups["files"].Value))
            {
                var path = file.Groups[1].Value;
                folder = path.Contains('/', StringComparison.Ordinal) ? path[..(path.LastIndexOf('/') + 1)] : folder;
                data.Add(row.Groups["standard"].Value.Trim(), path.Contains('/', StringComparison.Ordinal) ? path : folder + path);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Standards))]
    public void A_file_names_the_standard_that_it_answers(string standard, string file) =>
        Assert.Contains(standard, File.ReadAllText(Path.Combine(Repository.Root, "src", file)), StringComparison.Ordinal);

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var documents = Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"));
        var broken = documents.SelectMany(document => Link().Matches(File.ReadAllText(document))
            .Select(link => link.Groups[1].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Select(target => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, target)))
            .Where(target => !Path.Exists(target))
            .Select(target => $"{Path.GetFileName(document)} → {target}"));
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_package_has_its_reason()
    {
        var reasons = File.ReadAllText(Path.Combine(Repository.Root, "docs", "decisions", "0006-packages.md"));
        var packages = Package().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props"))).Select(match => match.Groups[1].Value);
        Assert.All(packages, package => Assert.Contains(package, reasons, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\| (?<standard>(?:RFC|OpenID|FAPI|NIST|Form)[^|]*) \|[^|]*\|(?<files>[^|]*)\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([\w./]+\.cs)`")]
    private static partial Regex FileName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex Package();
}
