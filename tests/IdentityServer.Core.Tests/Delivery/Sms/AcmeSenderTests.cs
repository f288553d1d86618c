using IdentityServer.Core.Delivery.Sms;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Core.Tests.Delivery.Sms;

public sealed class AcmeSenderTests() : GatewayContract("acme")
{
    protected override string Secret => "acme-key";

    protected override (int Status, string Body) NoSuchNumber => (404, "");

    protected override (int Status, string Body) NoSuchAccount => (401, "");

    protected override (int Status, string Body) Busy => (429, "");

    protected override (int Status, string Body) Yes(int request) => (200, "");

    protected override (string Key, string Value)[] Settings(string url) => [("Delivery:Sms:Acme:Url", url), ("Delivery:Sms:Acme:Key", "acme-key")];

    // The one line of registration.
    protected override void Register(IServiceCollection services) => services.AddSmsProvider<AcmeSender, AcmeOptions>("Acme", AcmeOptions.Problems);
}
