using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityServer.Core.Delivery.Sms;

/// <summary>A provider of text messages that configuration may choose.</summary>
/// <param name="Name">In lower case, as in <c>Delivery:Sms:Providers</c>.</param>
/// <param name="Create">Makes its sender, once.</param>
internal sealed record SmsProvider(string Name, Func<IServiceProvider, ISender> Create);

/// <summary>Registers providers of text messages.</summary>
public static class SmsRegistration
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Makes a provider known. It is used when <c>Delivery:Sms:Providers</c> names it; only then are the problems of its section looked for.
    /// </summary>
    /// <typeparam name="TSender">Its sender; the constructor takes an <see cref="HttpClient"/>, the options and whatever services it needs.</typeparam>
    /// <typeparam name="TOptions">What is bound to <c>Delivery:Sms:{name}</c>.</typeparam>
    /// <param name="services">Where to register.</param>
    /// <param name="name">E.g. <c>Acme</c>; the sender's name is the same in lower case.</param>
    /// <param name="problems">What is wrong with the options, one line each.</param>
    public static IServiceCollection AddSmsProvider<TSender, TOptions>(this IServiceCollection services, string name, Func<TOptions, IEnumerable<string>> problems)
        where TSender : class, ISender
        where TOptions : class
    {
        AddSection(services, name, problems);
        AddGatewayClient<TSender>(services);
        services.AddSingleton(new SmsProvider(Lower(name), provider => provider.GetRequiredService<TSender>()));
        return services;
    }

    /// <summary>The providers that come with the server.</summary>
    internal static void AddKnownProviders(IServiceCollection services)
    {
        services.AddSmsProvider<TwilioSender, TwilioOptions>("Twilio", TwilioOptions.Problems);
        services.AddSmsProvider<KavenegarSender, KavenegarOptions>("Kavenegar", KavenegarOptions.Problems);
        services.AddSmsProvider<MegaFonSender, MegaFonOptions>("MegaFon", MegaFonOptions.Problems);
        services.AddSmsProvider<HttpSender, HttpOptions>("Http", HttpOptions.Problems);
        AddSection<TextFileOptions>(services, "File", TextFileOptions.Problems);
        services.AddSingleton(new SmsProvider("file", provider => ActivatorUtilities.CreateInstance<TextFileSender>(provider)));
    }

    private static void AddSection<TOptions>(IServiceCollection services, string name, Func<TOptions, IEnumerable<string>> problems)
        where TOptions : class
    {
        var section = $"Delivery:Sms:{name}";
        services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
        services.AddSingleton<IValidateOptions<TOptions>>(provider => new WhenChosen<TOptions>(provider.GetRequiredService<IConfiguration>(), name, problems));
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }

    /// <summary>
    /// Certificates are verified as the machine does; there is no setting to look away. No logs and no traces of requests: a key may stand in the path,
    /// a number in the query. No redirects: they would carry credentials elsewhere. Connections are not kept long, so that a request is hardly ever
    /// written to one that the other side has just closed: that would be a try of unknown end.
    /// </summary>
    private static void AddGatewayClient<TSender>(IServiceCollection services)
        where TSender : class => services
        .AddHttpClient<TSender>(client =>
        {
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.MaxResponseContentBufferSize = Gateway.LongestAnswer;
        })
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ActivityHeadersPropagator = null,
        })
        // The sender lives as long as the process; the connections' lifetimes above follow changes of DNS.
        .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
        .RemoveAllLoggers();

    private static string Lower(string name) => name.ToLowerInvariant();

    private sealed class WhenChosen<TOptions>(IConfiguration configuration, string name, Func<TOptions, IEnumerable<string>> problems) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? _, TOptions options)
        {
            var chosen = configuration.GetSection("Delivery:Sms:Providers").GetChildren().Any(child => string.Equals(child.Value, name, StringComparison.OrdinalIgnoreCase));
            List<string> found = chosen ? [.. problems(options)] : [];
            return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
        }
    }
}
