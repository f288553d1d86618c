using IdentityServer.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.UI.Resources;

/// <summary>Registers the texts.</summary>
internal static class TextsRegistration
{
    public static IServiceCollection AddTexts(this IServiceCollection services)
    {
        services.AddSingleton(new SettingsSection(TextsOptions.Section, typeof(Dictionary<string, Dictionary<string, string>>)));
        services.AddSingleton<IValidateOptions<TextsOptions>, Rules>();
        services.AddOptions<TextsOptions>().Configure<IConfiguration>(Read).ValidateOnStart();
        services.AddSingleton(provider => new Words(provider.GetRequiredService<IOptions<TextsOptions>>().Value.Languages));
        return services;
    }

    // By hand: the binder would fold the case of keys, and every section is read by its own name.
    private static void Read(TextsOptions options, IConfiguration configuration)
    {
        foreach (var language in configuration.GetSection(TextsOptions.Section).GetChildren())
            options.Languages[language.Key] = language.GetChildren().ToDictionary(text => text.Key, text => text.Value ?? "", StringComparer.Ordinal);
    }

    private sealed class Rules : IValidateOptions<TextsOptions>
    {
        public ValidateOptionsResult Validate(string? name, TextsOptions options) =>
            options.Problems().ToList() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
