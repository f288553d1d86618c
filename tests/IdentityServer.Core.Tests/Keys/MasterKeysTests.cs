using System.Security.Cryptography;
using IdentityServer.Core.Keys;
using Xunit;

namespace IdentityServer.Core.Tests.Keys;

public sealed class MasterKeysTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("identityserver-").FullName;

    private string KeyFile => Path.Combine(folder, "certs", "master.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_first_start_makes_a_key_that_only_its_owner_reads()
    {
        var made = Load(mayCreate: true);
        Assert.Equal(32, Convert.FromBase64String(File.ReadAllText(KeyFile).Trim()).Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(made.CodeMac, Load(mayCreate: false).CodeMac);
        Assert.Equal([KeyFile], Directory.GetFiles(Path.Combine(folder, "certs")));
    }

    [Fact]
    public async Task Two_that_start_at_once_end_with_the_same_key()
    {
        var loaded = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Load(mayCreate: true))));
        Assert.Single(loaded.Select(masters => Convert.ToHexString(masters.CodeMac)).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public void A_missing_key_is_reported_with_the_command_that_makes_one()
    {
        var problem = Assert.Throws<MasterKeyException>(() => Load(mayCreate: false));
        Assert.Contains("openssl rand -base64 32", problem.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KeyFile));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("c2hvcnQ=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_file_that_is_no_key_is_refused_without_its_text(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!);
        File.WriteAllText(KeyFile, text);
        var problem = Assert.Throws<MasterKeyException>(() => Load(mayCreate: true));
        Assert.Contains(KeyFile, problem.Message, StringComparison.Ordinal);
        if (text.Length > 0)
            Assert.DoesNotContain(text, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_purpose_has_a_key_of_its_own_and_none_is_the_master_key()
    {
        var master = RandomNumberGenerator.GetBytes(32);
        var masters = new MasterKeys([master]);
        byte[][] keys = [master, masters.CodeMac, masters.AddressHash, masters.SessionKey, masters.RefreshMacs[0].Key, masters.First("other")];
        Assert.Equal(keys.Length, keys.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_derived_key_is_HKDF_of_RFC_5869_and_never_changes()
    {
        // From Python's hmac: extract with 32 zero bytes of salt, expand with "IdentityServer v1: code" and 0x01.
        var masters = new MasterKeys([[.. Enumerable.Range(0, 32).Select(i => (byte)i)]]);
        Assert.Equal("69AEEB230CEAC606869593740E72A76DEDA754399141C136ADF5BE2777F861AE", Convert.ToHexString(masters.CodeMac));
    }

    [Fact]
    public void What_is_sealed_opens_with_the_same_purpose_and_context_only()
    {
        var masters = new MasterKeys([RandomNumberGenerator.GetBytes(32)]);
        byte[] secret = [1, 2, 3];
        var box = masters.Seal("p", "c", secret);
        Assert.Equal(secret, masters.Open("p", "c", box));
        Assert.NotEqual(box, masters.Seal("p", "c", secret));
        Assert.Throws<MasterKeyException>(() => masters.Open("q", "c", box));
        Assert.Throws<MasterKeyException>(() => masters.Open("p", "d", box));
        Assert.Throws<MasterKeyException>(() => masters.Open("p", "c", box[..20]));
        for (var i = 4; i < box.Length; i++)
        {
            box[i] ^= 1;
            Assert.Throws<MasterKeyException>(() => masters.Open("p", "c", box));
            box[i] ^= 1;
        }
    }

    [Fact]
    public void A_previous_master_key_still_opens_and_is_not_used_for_new_things()
    {
        var first = RandomNumberGenerator.GetBytes(32);
        var second = RandomNumberGenerator.GetBytes(32);
        var before = new MasterKeys([first]);
        var after = new MasterKeys([second, first]);
        Assert.Equal([7], after.Open("p", "c", before.Seal("p", "c", [7])));
        Assert.Equal(before.RefreshMacs[0].Id, after.RefreshMacs[1].Id);
        Assert.Equal(before.RefreshMacs[0].Key, after.RefreshMacs[1].Key);

        var problem = Assert.Throws<MasterKeyException>(() => before.Open("p", "c", after.Seal("p", "c", [7])));
        Assert.Contains("Keys:PreviousMasterKeyFiles", problem.Message, StringComparison.Ordinal);
    }

    private MasterKeys Load(bool mayCreate) => MasterKeyFiles.Load(new KeyOptions(), folder, mayCreate);
}
