using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core;

/// <summary>A section of the configuration and the class that it is bound to: all that there is to know where names are checked or listed.</summary>
/// <param name="Name">E.g. <c>Delivery</c>.</param>
/// <param name="Type">The options class.</param>
public sealed record SettingsSection(string Name, Type Type);

/// <summary>Binds a section to its options class, the same way for all of them.</summary>
public static class Settings
{
    /// <summary>Binds <paramref name="section"/>; whatever breaks an annotation or is one of <paramref name="problems"/> stops the start, all of it listed.</summary>
    public static OptionsBuilder<TOptions> AddSettings<TOptions>(
        this IServiceCollection services, string section, Func<TOptions, IEnumerable<string>>? problems = null)
        where TOptions : class
    {
        services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
        services.AddSingleton<IValidateOptions<TOptions>>(new Rules<TOptions>(section, problems));
        return services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }

    private sealed class Rules<TOptions>(string section, Func<TOptions, IEnumerable<string>>? problems) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var results = new List<ValidationResult>();
            Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
            List<string> found = [.. results.Select(result => $"{section}:{string.Join('/', result.MemberNames)}: {result.ErrorMessage}"), .. problems?.Invoke(options) ?? []];
            return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
        }
    }
}
