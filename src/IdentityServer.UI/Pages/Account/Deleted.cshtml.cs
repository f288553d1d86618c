using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.Account;

/// <summary>The account is deleted.</summary>
public sealed class DeletedModel : PageModel;
