using System.Globalization;
using IdentityServer.Core.Administration;

namespace IdentityServer.UI.Pages.Admin;

/// <summary>What limits stop now, and what text messages cost.</summary>
public sealed class LimitsModel(LimitOverview limits) : AdminPage
{
    /// <summary>All of it.</summary>
    public LimitsNow Now { get; private set; } = null!;

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Now = await limits.ReadAsync(cancellationToken);

    /// <summary>0 to 100, for the picture.</summary>
    public static string Share(BudgetState budget) =>
        (budget.Most <= 0 ? 0 : Math.Clamp(budget.Spent / budget.Most * 100, 0, 100)).ToString("0.#", CultureInfo.InvariantCulture);
}
