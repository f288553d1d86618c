using System.Text.Encodings.Web;
using System.Text.Unicode;
using IdentityServer.Core;
using IdentityServer.Protocol;
using IdentityServer.UI.Assets;
using IdentityServer.UI.Branding;
using IdentityServer.UI.Languages;
using IdentityServer.UI.Messages;
using IdentityServer.UI.Pages;
using IdentityServer.UI.Pages.Admin;
using IdentityServer.UI.Security;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.WebEncoders;

namespace IdentityServer.UI;

/// <summary>
/// Everything that people see. Owns <c>/</c>, <c>/sign-in…</c>, <c>/consent</c>, <c>/account</c>, <c>/sign-out</c>, <c>/signed-out</c>, <c>/admin…</c>, <c>/error</c>
/// and the files that these pages need. The host re-executes failed requests on <see cref="Paths.Error"/>, the exception handler as well as status codes.
/// </summary>
public static class UserInterface
{
    // The longest form is a name or an address; whoever sends more is no person.
    private const int MaxFormBytes = 64 * 1024;

    private static readonly string[] PageMethods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post];

    /// <summary>Registers the pages, the texts of messages, and what they need besides Core.</summary>
    public static IServiceCollection AddUI(this IServiceCollection services)
    {
        services.AddSettings<BrandOptions>("Brand");
        services.AddSingleton<Brand>();
        services.AddSingleton<AssetFiles>();
        services.AddMessages();
        services.AddOptions<ProtocolOptions>().PostConfigure(OfferLanguages).Validate(options => options.UiLocales.All(Language.Tags.Contains),
            $"Server:UiLocales: the pages speak {string.Join(", ", Language.Tags)}, and no other language.");
        services.AddSingleton<IInteraction, PagesInteraction>();
        services.AddScoped<WaitingRequest>();
        services.AddScoped<WaitingSignOut>();
        services.AddHttpContextAccessor();
        services.AddSingleton<IConfigureOptions<AntiforgeryOptions>, FormCookieSetup>();
        services.Configure<WebEncoderOptions>(options => options.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        services.AddSingleton<ShownSecret>();
        services.AddRazorPages(options => options.Conventions.AddFolderApplicationModelConvention("/Admin", page => page.Filters.Add(new TypeFilterAttribute(typeof(AdminGuard)))))
            .AddApplicationPart(typeof(UserInterface).Assembly)
            .AddMvcOptions(options =>
            {
                options.Filters.Add(new RequestSizeLimitAttribute(MaxFormBytes));
                options.Filters.Add<FormCharsetFilter>();
                options.Filters.Add<LanguageFilter>();
                options.Filters.Add<ExpiredFormFilter>();
                options.Filters.Add<PageHeadersFilter>();
                options.Filters.Add<MissingHandlerFilter>();
            });

        // After AddRazorPages, whose own setup begins the list of conventions anew.
        services.AddSingleton<IConfigureOptions<RazorPagesOptions>, PasswordPages>();
        return services;
    }

    // The binder adds to lists, so the default is set when nothing was configured.
    private static void OfferLanguages(ProtocolOptions options)
    {
        if (options.UiLocales.Count == 0)
            options.UiLocales = [.. Language.Tags];
    }

    /// <summary>Maps the pages and their files.</summary>
    public static IEndpointRouteBuilder MapUI(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapAssets();
        endpoints.MapRazorPages().Add(page =>
        {
            // A page without a handler for the method would be shown without having been filled. The error page has no handlers at all.
            if (page is RouteEndpointBuilder route && $"/{route.RoutePattern.RawText}" != Paths.Error)
                page.Metadata.Add(new HttpMethodMetadata(PageMethods));
        });
        return endpoints;
    }
}
