using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Protocol;

/// <summary>The parameters of one request, each there once (RFC 6749 §3.1: "Request and response parameters MUST NOT be included more than once").</summary>
public sealed class Parameters
{
    /// <summary>All names and values of a request together, in characters.</summary>
    public const int MaxTotalLength = 16 * 1024;

    /// <summary>The body of a POST, in bytes.</summary>
    public const int MaxBodyLength = 64 * 1024;

    private readonly Dictionary<string, string> values;

    private Parameters(Dictionary<string, string> values) => this.values = values;

    /// <summary>The value; null when absent or empty (RFC 6749 §3.1: "Parameters sent without a value MUST be treated as if they were omitted").</summary>
    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>Names and values.</summary>
    public IReadOnlyDictionary<string, string> All => values;

    /// <summary>Reads the query of a GET or the form of a POST.</summary>
    public static async Task<ParametersResult> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(request.Method))
            return From(request.Query);

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return new ParametersResult.Refused(ProtocolError.InvalidRequest("Send the parameters as application/x-www-form-urlencoded."));
        // RFC 6749 appendix B: names and values are UTF-8. Another charset would read the same bytes as something else, or fail.
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return new ParametersResult.Refused(ProtocolError.InvalidRequest("Send the parameters in UTF-8 and leave charset out."));
        if (request.ContentLength > MaxBodyLength)
            return TooLarge;
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBodyLength;

        try
        {
            return From(await request.ReadFormAsync(cancellationToken));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge;
        }
        catch (Exception exception) when (exception is InvalidDataException or BadHttpRequestException)
        {
            return new ParametersResult.Refused(ProtocolError.InvalidRequest("The form could not be read: it is malformed or has too many parts."));
        }
    }

    /// <summary>Checks that nothing is there twice and that all of it is of a sane size.</summary>
    public static ParametersResult From(IEnumerable<KeyValuePair<string, StringValues>> source)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        ProtocolError? repeated = null;
        var total = 0;
        foreach (var (name, value) in source)
        {
            total += name.Length + value.Sum(item => item?.Length ?? 0);
            if (total > MaxTotalLength)
                return new ParametersResult.Refused(ProtocolError.InvalidRequest($"The parameters are longer than {MaxTotalLength} characters."));

            if (value.Count > 1)
                repeated ??= ProtocolError.InvalidRequest($"The parameter {Printable(name)} is there {value.Count} times; send it once.");
            else if (!string.IsNullOrEmpty(value))
                read[name] = value.ToString();
        }

        return repeated is null
            ? new ParametersResult.Read(new Parameters(read))
            : new ParametersResult.Refused(repeated) { Others = new Parameters(read) };
    }

    /// <summary>The value, when there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out string? value) => values.TryGetValue(name, out value);

    private static ParametersResult.Refused TooLarge { get; } = new(
        new ProtocolError("invalid_request", $"The body is longer than {MaxBodyLength} bytes.", StatusCodes.Status413PayloadTooLarge));

    // An error description repeats nothing that could break out of a header or a page.
    private static string Printable(string name) =>
        name.Length <= 40 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? name : "with the odd name";
}

/// <summary>What reading parameters came to.</summary>
public abstract record ParametersResult
{
    private ParametersResult()
    {
    }

    /// <summary>Each parameter is there once.</summary>
    public sealed record Read(Parameters Parameters) : ParametersResult;

    /// <summary>They cannot be used.</summary>
    public sealed record Refused(ProtocolError Error) : ParametersResult
    {
        /// <summary>When all that is wrong is a repetition: the parameters that are there once. Only good for finding out where the error may be sent.</summary>
        public Parameters? Others { get; init; }
    }
}
