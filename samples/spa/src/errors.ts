import type { ErrorContext } from "react-oidc-context";
import { authority } from "./auth";

/** What a person should read, and beside it what a developer wants to know. */
export function explain(error: ErrorContext): { message: string; detail: string } {
  const cause = error.innerError as { error?: string; error_description?: string } | undefined;
  const detail = `${error.source}: ${cause?.error_description ?? error.message}`;
  return { message: message(error, cause?.error), detail };
}

function message(error: ErrorContext, code?: string) {
  if (error.source === "signoutRedirect")
    return `You are signed out of this app, but maybe not at ${authority}, which could not be told.`;
  if (code === "access_denied") return "You did not allow this app to see your details, so you are not signed in.";
  if (code === "invalid_grant") return "Your sign-in has ended. Please sign in again.";
  if (code === "temporarily_unavailable") return "The sign-in service is busy. Please try again in a moment.";
  if (error.name === "TypeError") return `The sign-in service at ${authority} can't be reached. Is it running?`;
  if (error.message.startsWith("No matching state")) return "This sign-in was begun in another browser, or long ago. Please begin again.";
  return error.source === "renewSilent" || error.source === "signinSilent"
    ? "Your sign-in could not be renewed just now. Please try again."
    : "Something went wrong while signing you in. Please try again.";
}
