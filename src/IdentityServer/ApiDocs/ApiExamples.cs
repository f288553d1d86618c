using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IdentityServer.Core.Keys;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Users;
using IdentityServer.Management;
using IdentityServer.Protocol.Model;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IdentityServer.ApiDocs;

/// <summary>Examples, written by the same serializer as the answers, so that they cannot be wrong.</summary>
internal static class ApiExamples
{
    private static readonly Guid Id = new("01990f4e-7b1a-7c3e-9d52-2f6a3c1b8e40");
    private const string Challenge = "AZkPTnsafD6dUi9qPBuOQHq0nT5yV2kX8mB1cR7dW4s";
    private static readonly DateTimeOffset At = new(2026, 3, 1, 9, 30, 0, TimeSpan.Zero);
    private static readonly IReadOnlyDictionary<string, string> Facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["failures"] = "2" };

    private static readonly UserJson User = new(
        Id, "Anna Example", "Anna", "Example", "anna@example.com", EmailVerified: true, null, PhoneNumberVerified: false, "en", "Europe/Berlin", new DateOnly(1990, 2, 28), null, null, Active: true, null, At, At, At, []);

    private static readonly InvitationJson Invitation = new("K7PQ4M", "W3HX9T", InvitedCount: 1, [new InvitedJson("b•••@e•••.com", null, At)]);
    private static readonly SessionJson Session = new(Id, At, At.AddHours(1), "Mozilla/5.0", "192.0.2.7", Current: true);
    private static readonly ApplicationAccessJson Access = new("shop", "Shop", [ScopeNames.OpenId, ScopeNames.Profile], At, Remembered: true);
    private static readonly HistoryJson Entry = new(At, "signed_in", "Shop", Id, "192.0.2.7");
    private static readonly NewSecretJson Secret = new(Id, "dJ8kXvJr0pW1o5c3h9mQ2tZ7yB4nL6sF8gU1eR3iA0w", At.AddYears(1));
    private static readonly TimelineEntryJson Step = new(At, "audit.wrong_code", "Typed a wrong code; 2 wrong ones in a row now.", Facts);
    private static readonly MessageStepJson Receipt = new(At, "twilio", "delivered", null);

    private static readonly MessageJson Message = new(
        Id, Channel.Email, "SignInCode", "a•••@e•••.com", Id, Id, "en", MessageStatus.Sent, 1, At, null, At.AddSeconds(1), At.AddMinutes(10), "smtp", null, null, null, null, CanRetry: false);

    private static readonly ApplicationJson Application = new(
        "shop", "Shop", ApplicationType.Confidential, ApplicationKind.Web, ConsentMode.Explicit, ["https://shop.example/callback"], ["https://shop.example/"], [],
        [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken], [ScopeNames.OpenId, ScopeNames.Profile, ScopeNames.OfflineAccess], RequirePkce: true, AccessTokenFormat.Jwt, "RS256", "ES256",
        CodeLifetime: 60, AccessTokenLifetime: 900, IdTokenLifetime: 300, RefreshIdleLifetime: 1_209_600, RefreshAbsoluteLifetime: 7_776_000, [new SecretJson(Id, At, At.AddYears(1))], Declared: false);

    private static readonly Dictionary<Type, object> All = new object[]
    {
        new ApplicationChangesRequest { DisplayName = "Shop", RedirectUris = ["https://shop.example/callback"] },
        new NewApplicationRequest
        {
            ClientId = "shop",
            Type = ApplicationType.Public,
            DisplayName = "Shop",
            RedirectUris = ["https://shop.example/callback"],
            GrantTypes = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken],
            Scopes = [ScopeNames.OpenId, ScopeNames.Profile, ScopeNames.OfflineAccess],
        },
        Application,
        new NewApplicationJson(Application, Secret),
        new NewUserRequest { Email = "anna@example.com", Name = "Anna Example", Locale = "en" },
        new RegistrationJson(ExpiresIn: 300, ResendIn: 30, CodeLength: 6),
        new ActivationRequest("anna@example.com", "123456"),
        new AddressRequest("anna@example.com"),
        User,
        new MeJson(User, Invitation),
        new PersonalDataJson(User, Invitation, [Session], [Access], [Entry]),
        new ProfileChanges { GivenName = "Anna", ZoneInfo = "Europe/Berlin" },
        new InvitationRequest("K7PQ4M"),
        Invitation,
        new NewAddressRequest("anna@example.org"),
        new VerificationRequest(AddressKind.Email),
        new ChallengeJson(Challenge, ExpiresIn: 300, ResendIn: 30, CodeLength: 6),
        new ResendRequest(Challenge),
        new CodeRequest(Challenge, "123456"),
        new ProofRequest(Challenge, "123456"),
        new VerifiedJson(Verified: true),
        Session,
        Access,
        Entry,
        new ScopeJson("orders", "Your orders", "See what you ordered.", ["https://api.shop.example"], [], BuiltIn: false, Declared: false),
        new NewSecretRequest(At.AddYears(1)),
        Secret,
        new NewScopeRequest { Name = "orders", DisplayName = "Your orders", Description = "See what you ordered.", Resources = ["https://api.shop.example"] },
        new ScopeChangesRequest { Description = "See what you ordered." },
        new RolesRequest { Roles = ["admin"] },
        new RotateRequest(),
        Step,
        new TimelineJson(Id, [Step]),
        new AuditEventJson(Id, At, "wrong_code", Id, null, null, "192.0.2.7", Facts),
        new SigningKeyJson("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "ES256", SigningKeyState.Signs, FromFile: false, At, At.AddDays(3), At.AddDays(93), At.AddDays(100)),
        new AuthorizationJson(Id, "shop", Id, AuthorizationKind.AdHoc, [ScopeNames.OpenId], Id, At, null),
        new AdminSessionJson(Id, Id, At, At, At.AddHours(1), At.AddDays(14), null, ["otp"], "Mozilla/5.0", "192.0.2.7"),
        Receipt,
        Message,
        new MessageDetailsJson(Message, [Receipt]),
    }.ToDictionary(example => example.GetType());

    public static Task Add(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (ExampleOf(context.JsonTypeInfo) is { } example)
        {
            // What is absent of a request stays as it is; answers have every field.
            foreach (var empty in example.Where(pair => pair.Value is null && schema.Required?.Contains(pair.Key) != true).Select(pair => pair.Key).ToList())
                example.Remove(empty);
            schema.Examples = [example];
        }

        return Task.CompletedTask;
    }

    private static JsonObject? ExampleOf(JsonTypeInfo type)
    {
        if (type.Type is { IsGenericType: true } list && list.GetGenericTypeDefinition() == typeof(PageJson<>))
            return ExampleOf(type.Options.GetTypeInfo(list.GenericTypeArguments[0])) is { } row ? new() { ["count"] = 1, ["next"] = null, ["previous"] = null, ["results"] = new JsonArray(row) } : null;

        return All.TryGetValue(type.Type, out var example) ? JsonSerializer.SerializeToNode(example, type)!.AsObject() : null;
    }
}
