using System.Diagnostics;

namespace IdentityServer.Hosting;

/// <summary>One line a request, without its query: queries carry links, codes and parked requests.</summary>
internal static class Logs
{
    // These write the query, or what was posted; no configuration switches them on.
    private static readonly (string Category, LogLevel Least)[] Telling =
    [
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning),
        ("Microsoft.AspNetCore.HttpLogging.HttpLoggingMiddleware", LogLevel.None),
        ("Microsoft.AspNetCore.Mvc.ModelBinding", LogLevel.Warning),
        ("Microsoft.AspNetCore.Mvc.RazorPages", LogLevel.Warning),
        ("Microsoft.AspNetCore.Routing.DefaultLinkGenerator", LogLevel.Warning),
        ("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Information),
    ];

    public static void AddLogs(this WebApplicationBuilder builder)
    {
        var logging = builder.Logging;
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        logging.AddFilter("Quartz", LogLevel.Warning);
        logging.AddFilter("Npgsql", LogLevel.Warning);
        logging.AddConfiguration(builder.Configuration.GetSection("Logging"));

        builder.Services.PostConfigure<LoggerFilterOptions>(Silence);
    }

    // A rule for one provider beats every general one, and a longer category a shorter one: so each provider gets these, and nothing finer is left.
    private static void Silence(LoggerFilterOptions options)
    {
        var providers = options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var (category, least) in Telling)
        {
            foreach (var finer in options.Rules.Where(rule => rule.CategoryName?.StartsWith(category, StringComparison.OrdinalIgnoreCase) == true).ToArray())
                options.Rules.Remove(finer);
            foreach (var provider in providers)
                options.Rules.Add(new LoggerFilterRule(provider, category, least, filter: null));
        }
    }

    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("IdentityServer.Requests");
        app.Use(async (context, next) =>
        {
            var started = Stopwatch.GetTimestamp();
            await next(context);
            logger.LogDebug("{Method} {Path} {Status} in {Milliseconds:0.0} ms", context.Request.Method, context.Request.Path, context.Response.StatusCode, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
    }
}
