using IdentityServer.Core.Proofs;
using IdentityServer.Core.Tests.Delivery;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace IdentityServer.Core.Tests.SignIn;

/// <summary>Values that are out of range; names and values that cannot be read are the host's to check, for all sections.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_sound()
    {
        using var services = Services([]);
        services.GetRequiredService<IStartupValidator>().Validate();

        Assert.Equal(TimeSpan.FromMinutes(5), services.GetRequiredService<IOptions<SignInOptions>>().Value.CodeLifetime);
    }

    // C2
    [Theory]
    [InlineData("SignIn:CodeLifetime", "00:10:01", "00:10:00")]
    [InlineData("SignIn:CodeLifetime", "00:00:10", "00:01:00")]
    [InlineData("SignIn:CodeLength", "5", "at least 6")]
    [InlineData("SignIn:CodeLength", "9", "at most 8")]
    [InlineData("SignIn:MaxAttempts", "11", "1 to 10")]
    [InlineData("SignIn:MaxSends", "0", "1 to 10")]
    [InlineData("SignIn:ResendDelay", "00:06:00", "SignIn:CodeLifetime")]
    [InlineData("SignIn:DetailsLifetime", "02:00:00", "01:00:00")]
    [InlineData("SignIn:DefaultRegion", "de", "ISO 3166-1")]
    [InlineData("Limits:MessagesPerAddressAndHour", "0", "at least 1")]
    [InlineData("Limits:MessagesPerAddressAndDay", "1", "less than")]
    [InlineData("Limits:StartsPerNetworkAndHour", "0", "at least 1")]
    [InlineData("Sessions:IdleLifetime", "00:01:00", "00:05:00")]
    [InlineData("Sessions:IdleLifetime", "20.00:00:00", "AbsoluteLifetime")]
    [InlineData("Sessions:AbsoluteLifetime", "31.00:00:00", "30.00:00:00")]
    public void What_is_unsound_stops_the_start_and_says_why(string name, string value, string why)
    {
        using var services = Services(new() { [name] = value });

        var problem = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(problem.Failures, failure => failure.Contains(name.Split(':')[0], StringComparison.Ordinal) && failure.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_listed_at_once()
    {
        using var services = Services(new()
        {
            ["SignIn:CodeLength"] = "4",
            ["SignIn:CodeLifetime"] = "01:00:00",
            ["SignIn:MaxSends"] = "0",
            ["Sessions:AbsoluteLifetime"] = "90.00:00:00",
        });

        var problems = Assert.Throws<AggregateException>(() => services.GetRequiredService<IStartupValidator>().Validate())
            .InnerExceptions.Cast<OptionsValidationException>().SelectMany(problem => problem.Failures).ToList();

        Assert.Equal(4, problems.Count);
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddSingleton<IHostEnvironment>(new TestEnvironment());
        services.AddCore();
        return services.BuildServiceProvider();
    }
}
