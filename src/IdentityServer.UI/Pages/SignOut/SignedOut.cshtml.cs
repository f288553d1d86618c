using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.UI.Pages.SignOut;

/// <summary>Nobody is signed in here any more.</summary>
public sealed class SignedOutModel : PageModel;
