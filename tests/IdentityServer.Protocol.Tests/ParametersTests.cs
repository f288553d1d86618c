using Microsoft.Extensions.Primitives;
using Xunit;

namespace IdentityServer.Protocol.Tests;

public sealed class ParametersTests
{
    [Fact]
    public void A_parameter_without_a_value_is_not_there_RFC6749_3_1()
    {
        var parameters = Read(("a", ""), ("b", "1"), ("c", StringValues.Empty));
        Assert.Null(parameters["a"]);
        Assert.Equal("1", parameters["b"]);
        Assert.Null(parameters["c"]);
        Assert.Null(parameters["B"]);
    }

    [Fact]
    public void A_repeated_parameter_is_refused_and_the_others_stay_readable_RFC6749_3_1()
    {
        var refused = Refuse(("client_id", "spa"), ("state", new StringValues(["1", "2"])), ("scope", new StringValues(["", ""])), ("redirect_uri", "x"));
        Assert.Equal("invalid_request", refused.Error.Code);
        Assert.Contains("state", refused.Error.Description, StringComparison.Ordinal);
        Assert.Equal("spa", refused.Others!["client_id"]);
        Assert.Equal("x", refused.Others["redirect_uri"]);
        Assert.Null(refused.Others["state"]);
        Assert.Null(refused.Others["scope"]);
    }

    [Fact]
    public void Beyond_all_measure_nothing_is_readable() =>
        Assert.Null(Refuse(("client_id", "spa"), ("x", new string('x', Parameters.MaxTotalLength))).Others);

    [Fact]
    public void Repetitions_count_towards_the_measure() =>
        Assert.Null(Refuse(("x", new StringValues([new string('x', Parameters.MaxTotalLength / 2), new string('x', Parameters.MaxTotalLength / 2)]))).Others);

    [Fact]
    public void An_odd_name_is_not_repeated_in_the_error()
    {
        var refused = Refuse(("\"><script>\r\n", new StringValues(["1", "2"])));
        Assert.Matches("^[ -!#-\\[\\]-~]+$", refused.Error.Description);
        Assert.DoesNotContain("script", refused.Error.Description, StringComparison.Ordinal);
    }

    private static Parameters Read(params (string Name, StringValues Value)[] source) =>
        Assert.IsType<ParametersResult.Read>(From(source)).Parameters;

    private static ParametersResult.Refused Refuse(params (string Name, StringValues Value)[] source) =>
        Assert.IsType<ParametersResult.Refused>(From(source));

    private static ParametersResult From((string Name, StringValues Value)[] source) =>
        Parameters.From(source.Select(item => KeyValuePair.Create(item.Name, item.Value)));
}
