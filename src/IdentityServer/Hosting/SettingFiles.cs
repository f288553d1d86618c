using IdentityServer.Core;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace IdentityServer.Hosting;

/// <summary>Where settings come from, and the check that stops the start with every problem at once.</summary>
internal static class SettingFiles
{
    /// <summary>Names further JSON files, separated by <c>;</c>: later ones win over earlier ones, environment variables over all files.</summary>
    public const string FilesVariable = "IDENTITYSERVER_CONFIG";

    /// <summary>Adds the files that <see cref="FilesVariable"/> names.</summary>
    /// <exception cref="SettingsException">One of them does not exist.</exception>
    public static void AddSettingFiles(this WebApplicationBuilder builder)
    {
        var files = builder.Configuration[FilesVariable]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var missing = files.Where(file => !File.Exists(Path.Combine(builder.Environment.ContentRootPath, file))).ToArray();
        if (missing.Length > 0)
            throw new SettingsException([.. missing.Select(file => $"{FilesVariable} names {file}, which does not exist.")]);

        var sources = ((IConfigurationBuilder)builder.Configuration).Sources;
        var place = sources.ToList().FindLastIndex(source => source is JsonConfigurationSource) + 1;
        foreach (var file in files)
        {
            var path = Path.GetFullPath(Path.Combine(builder.Environment.ContentRootPath, file));
            var source = new JsonConfigurationSource { Path = path, ReloadOnChange = false };
            source.ResolveFileProvider();
            sources.Insert(place++, source);
        }
    }

    /// <summary>Looks for unknown names and asks every options class whether its values make sense.</summary>
    /// <exception cref="SettingsException">Something is wrong; the message lists all of it.</exception>
    public static void CheckSettings(this WebApplication app)
    {
        var sections = app.Services.GetServices<SettingsSection>().ToDictionary(section => section.Name, section => section.Type, StringComparer.OrdinalIgnoreCase);
        var problems = SettingNames.Problems((IConfigurationRoot)app.Configuration, sections).ToList();
        var unreadable = sections.SelectMany(section => Unreadable(app.Configuration.GetSection(section.Key), section.Value)).ToList();
        problems.AddRange(unreadable);
        if (unreadable.Count == 0)
            problems.AddRange(DeclaredSync.Problems(app.Configuration));
        try
        {
            if (unreadable.Count == 0)
                app.Services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (OptionsValidationException exception)
        {
            problems.AddRange(exception.Failures);
        }
        catch (AggregateException exception)
        {
            problems.AddRange(exception.InnerExceptions.OfType<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }

        if (problems.Count > 0)
            throw new SettingsException(problems);
    }

    // The binder's words: "Failed to convert configuration value 'x' at 'SignIn:CodeLifetime' to type …". Inside a dictionary it would leave such an
    // entry out without a word, so each entry is read by itself.
    private static IEnumerable<string> Unreadable(IConfigurationSection section, Type type)
    {
        if (SettingNames.ItemType(type) is { } item)
            return section.GetChildren().SelectMany(child => Unreadable(child, item));

        try
        {
            section.Get(type);
            return [];
        }
        catch (InvalidOperationException exception)
        {
            return [exception.Message];
        }
    }
}

/// <summary>The server cannot start as it is configured.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems)
    : Exception("The configuration has problems:" + string.Concat(problems.Select(problem => $"{Environment.NewLine}  - {problem}")))
{
    /// <summary>What to mend, one line each.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
