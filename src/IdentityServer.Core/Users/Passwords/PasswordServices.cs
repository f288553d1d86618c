using IdentityServer.Core.Persistence.Tables;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityServer.Core.Users.Passwords;

/// <summary>Registers passwords. They cost nothing while the option is off.</summary>
internal static class PasswordServices
{
    public static void AddPasswords(this IServiceCollection services)
    {
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = PasswordKeeper.Rounds);
        services.TryAddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<PasswordKeeper>();
        services.AddSingleton<PasswordRules>();
    }
}
