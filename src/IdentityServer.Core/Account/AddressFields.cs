using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Proofs;
using IdentityServer.Core.Users;

namespace IdentityServer.Core.Account;

/// <summary>Reads addresses out of fields; says by field what is wrong. Depends on what was typed alone.</summary>
internal sealed class AddressFields(AddressReader reader)
{
    /// <summary>The problem of a number that is no mobile phone's.</summary>
    public const string NoMessages = "This is a phone number of a kind that is sent no text messages: a mobile number is needed.";

    /// <summary>The addresses; at least one, or there are problems.</summary>
    public (Address? Email, Address? Phone) Read(string? email, string? phone, Dictionary<string, string[]> problems)
    {
        if (email is null && phone is null)
            problems["email"] = ["Give email, phone_number or both."];
        return (
            email is null ? null : Read("email", email, Channel.Email, problems),
            phone is null ? null : Read("phone_number", phone, Channel.Sms, problems));
    }

    /// <summary>One address; null when there is a problem.</summary>
    public Address? Read(string field, string? typed, Channel? channel, Dictionary<string, string[]> problems)
    {
        var (address, problem) = Read(typed, channel);
        if (problem is not null)
            problems[field] = [problem];
        return address;
    }

    /// <summary>The address, or why it is none.</summary>
    public (Address? Address, string? Problem) Read(string? typed, Channel? channel)
    {
        var (address, refusal) = reader.Read(typed);
        return (refusal, address) switch
        {
            (StartOutcome.NoMessages, _) => (null, NoMessages),
            (StartOutcome.OnlyEmail, _) => (null, "This server takes e-mail addresses only."),
            (null, { } read) when channel is null || read.Channel == channel => (read, null),
            _ => (null, channel switch
            {
                Channel.Email => "Must be an e-mail address.",
                Channel.Sms => "Must be a phone number with its calling code, e.g. +491701234567.",
                _ => "Must be an e-mail address or a phone number.",
            }),
        };
    }
}
