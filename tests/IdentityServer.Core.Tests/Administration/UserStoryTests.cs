using IdentityServer.Core.Administration;
using IdentityServer.Core.Persistence.Tables;
using IdentityServer.Core.Tests.Account;
using IdentityServer.Core.Tests.SignIn;
using Xunit;

namespace IdentityServer.Core.Tests.Administration;

public sealed class UserStoryTests(SqliteDatabase database) : IClassFixture<SqliteDatabase>
{
    [Fact]
    public async Task An_address_that_changed_is_called_what_it_is()
    {
        var server = new AccountServer(database);
        var user = await server.Core.AddUserAsync(SignInServer.NewAddress(), true, SignInServer.NewNumber(), true);
        await server.ChangeAsync(user, SignInServer.NewAddress());
        await server.RemoveAsync(user, Channel.Sms);

        var story = await server.Core.RunAsync<UserStory, Story?>(stories => stories.OfUserAsync(user, since: null, most: 100, default));
        var told = story!.Entries.Select(entry => entry.Text).ToList();
        Assert.Contains("The e-mail address was added or changed.", told);
        Assert.Contains("The phone number was removed.", told);
    }
}
