import {
  ErrorResponse,
  User,
  UserManager,
  WebStorageStateStore,
  type SigninSilentArgs,
  type SignoutRedirectArgs,
} from "oidc-client-ts";

export const authority = import.meta.env.VITE_AUTHORITY ?? "http://localhost:5000";
const clientId = import.meta.env.VITE_CLIENT_ID ?? "spa";
export const api = import.meta.env.VITE_API ?? "http://localhost:5174";

/**
 * Lets all tabs of this app share one sign-in: the user lives in local storage, and a lock sees to it
 * that one tab at a time uses the refresh token while the others take over what it got.
 */
class SharedUserManager extends UserManager {
  readonly #lock = `tokens of ${this.settings.client_id}`;
  readonly #key = `oidc.user:${this.settings.authority}:${this.settings.client_id}`;

  /** Follows the sign-ins, refreshes and sign-outs of the other tabs. */
  follow() {
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === null || (key === this.#key && newValue === null)) void this.events.unload();
      else if (key === this.#key) void this.getUser(true);
    });
    return this;
  }

  override async signinSilent(args?: SigninSilentArgs): Promise<User | null> {
    const before = await this.getUser();
    return navigator.locks.request(this.#lock, async () => {
      const now = await this.getUser();
      if (!now) return null; // signed out while we waited
      if (now.access_token !== before?.access_token) return this.getUser(true); // refreshed while we waited
      try {
        return await super.signinSilent(args);
      } catch (error) {
        // The refresh token has expired or was revoked: nothing is left to try again with.
        if (error instanceof ErrorResponse && error.error === "invalid_grant") await this.removeUser();
        throw error;
      }
    });
  }

  // In the same lock, or a refresh still under way in another tab would put the user back.
  override signoutRedirect(args?: SignoutRedirectArgs): Promise<void> {
    return navigator.locks.request(this.#lock, async () => {
      try {
        await super.signoutRedirect(args);
      } catch (error) {
        await this.removeUser(); // the server can't be told, but this browser can forget
        throw error;
      }
    });
  }
}

export const userManager = new SharedUserManager({
  authority,
  client_id: clientId,
  redirect_uri: `${window.location.origin}/callback`,
  post_logout_redirect_uri: `${window.location.origin}/`,
  scope: "openid profile email offline_access notes",
  userStore: new WebStorageStateStore({ store: window.localStorage }),
  loadUserInfo: true,
  filterProtocolClaims: ["nonce", "at_hash"], // keep amr: the page shows it
  revokeTokensOnSignout: true,
  revokeTokenTypes: ["refresh_token"],
}).follow();
