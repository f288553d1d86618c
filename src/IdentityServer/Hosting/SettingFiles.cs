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
        var unreadable = sections.Select(section => Unreadable(app.Configuration, section.Key, section.Value)).OfType<string>().ToList();
        problems.AddRange(unreadable);
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

    // The binder's words: "Failed to convert configuration value 'x' at 'SignIn:CodeLifetime' to type …".
    private static string? Unreadable(IConfiguration configuration, string section, Type type)
    {
        try
        {
            configuration.GetSection(section).Get(type);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
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
