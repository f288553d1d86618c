// A web app that lets people in with OpenID Connect: a confidential client whose tokens never leave the server.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import * as oidc from "openid-client";
import { homePage, problemPage, welcomePage } from "./pages.js";

const authority = new URL(process.env.AUTHORITY ?? "http://localhost:5000");
const clientSecret = process.env.CLIENT_SECRET ?? "webapp-development-secret-0123456789abcdef0123456789";
const port = Number(process.env.PORT ?? 5175);
const home = `http://localhost:${port}`;

// ---- Signing in, refreshing, signing out

let discovered;
function configure() {
  const execute = [oidc.enableNonRepudiationChecks]; // verify the ID token's signature even though it came straight from the server
  if (authority.protocol === "http:" && authority.hostname === "localhost") execute.push(oidc.allowInsecureRequests);
  discovered ??= oidc
    .discovery(authority, "webapp", undefined, oidc.ClientSecretBasic(clientSecret), { execute, timeout: 10 })
    .catch((error) => {
      discovered = undefined; // ask again next time
      throw error;
    });
  return discovered;
}

async function signIn(session) {
  const config = await configure();
  const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
  // Several at once, since a person may begin in two tabs; the oldest give way.
  session.begun = [...(session.begun ?? []), { state, nonce, verifier }].slice(-5);
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${home}/callback`,
    scope: "openid profile email offline_access",
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
}

async function finishSignIn(session, callback) {
  const begun = session.begun?.find(({ state }) => state === callback.searchParams.get("state"));
  if (!begun) throw new Problem(400, "This sign-in was begun in another browser, or too long ago. Please begin again.");
  session.begun = session.begun.filter((one) => one !== begun);

  const config = await configure();
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    expectedState: begun.state,
    expectedNonce: begun.nonce,
    pkceCodeVerifier: begun.verifier,
    idTokenExpected: true,
  });
  return personOf(config, tokens);
}

async function refresh(person) {
  const config = await configure();
  // A double click must not use the refresh token twice.
  person.refreshing ??= oidc.refreshTokenGrant(config, person.refreshToken);
  const tokens = await person.refreshing;
  return personOf(config, tokens, person);
}

async function personOf(config, tokens, before) {
  const claims = tokens.claims() ?? before.claims;
  return {
    claims,
    userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub),
    idToken: tokens.id_token ?? before.idToken,
    refreshToken: tokens.refresh_token ?? before?.refreshToken,
    expiresAt: new Date(Date.now() + (tokens.expiresIn() ?? 0) * 1000),
    refreshes: before ? before.refreshes + 1 : 0,
  };
}

async function signOut(person) {
  const config = await configure();
  if (person.refreshToken) await oidc.tokenRevocation(config, person.refreshToken);
  return oidc.buildEndSessionUrl(config, { id_token_hint: person.idToken, post_logout_redirect_uri: `${home}/` });
}

// ---- Sessions: in memory, so a restart signs everybody out. Use a shared store when there is more than one instance.

const sessions = new Map();
const lifetime = 8 * 60 * 60 * 1000;
setInterval(() => {
  for (const [id, session] of sessions) if (session.endsAt < Date.now()) sessions.delete(id);
}, 60_000).unref();

function findSession(request) {
  const id = /(?:^|; )webapp=([\w-]{43})(?:;|$)/.exec(request.headers.cookie ?? "")?.[1];
  const session = sessions.get(id);
  return session && session.endsAt > Date.now() ? session : undefined;
}

/** A new id each time that somebody signs in, so that an id planted before is worth nothing (session fixation). */
function startSession(response, old, content) {
  if (old) sessions.delete(old.id);
  const id = randomBytes(32).toString("base64url");
  const session = { ...content, id, endsAt: Date.now() + lifetime };
  sessions.set(id, session);
  // Behind https, add Secure and name it __Host-webapp.
  response.setHeader("Set-Cookie", `webapp=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${lifetime / 1000}`);
  return session;
}

function endSession(response, session) {
  sessions.delete(session.id);
  response.setHeader("Set-Cookie", "webapp=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

// ---- Pages and actions

const routes = {
  "GET /": (request, response, session) => show(response, 200, session?.person ? homePage(session.person) : welcomePage()),

  "GET /style.css": asset("style.css", "text/css"),
  "GET /icon.svg": asset("icon.svg", "image/svg+xml"),

  "POST /signin": async (request, response, session) => redirect(response, await signIn(session ?? startSession(response))),

  "GET /callback": async (request, response, session) => {
    const person = await finishSignIn(session ?? {}, new URL(request.url, home));
    startSession(response, session, { person });
    redirect(response, "/");
  },

  "POST /refresh": async (request, response, session) => {
    if (session?.person) {
      try {
        session.person = await refresh(session.person);
      } catch (error) {
        session.person.refreshing = undefined;
        if (error.error === "invalid_grant") endSession(response, session);
        throw error;
      }
    }
    redirect(response, "/");
  },

  "POST /signout": async (request, response, session) => {
    if (!session?.person) return redirect(response, "/");
    endSession(response, session); // first, so that nobody stays signed in here if the server can't be reached
    redirect(response, await signOut(session.person));
  },
};

const server = createServer(async (request, response) => {
  try {
    response.setHeader("Content-Security-Policy", contentSecurityPolicy);
    response.setHeader("Referrer-Policy", "same-origin");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-store");
    const route = routes[`${request.method} ${request.url.split("?")[0]}`];
    if (!route) throw new Problem(404, "There is no such page here.");
    // Other sites, and other ports of localhost, must not press our buttons (CSRF).
    if (request.method === "POST" && request.headers.origin !== home) throw new Problem(403, "Please use the buttons of this page.");
    await route(request, response, findSession(request));
  } catch (error) {
    const problem = error instanceof Problem ? error : explain(error);
    show(response, problem.status, problemPage(problem));
  }
});

const contentSecurityPolicy = [
  "default-src 'none'",
  "img-src 'self'",
  "style-src 'self'",
  `form-action 'self' ${authority.origin}`, // our buttons end up there by redirect
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

class Problem extends Error {
  constructor(status, message, detail) {
    super(message);
    Object.assign(this, { status, detail });
  }
}

function explain(error) {
  const detail = error.error_description ?? error.error ?? error.cause?.message ?? error.message;
  console.error(`${error.name}: ${detail}`);
  if (error.error === "access_denied")
    return new Problem(403, "You did not allow this app to see your details, so you are not signed in.", detail);
  if (error.error === "invalid_grant") return new Problem(400, "Your sign-in has ended. Please sign in again.", detail);
  if (error.error === "invalid_client") return new Problem(500, "The sign-in service does not know this app or its secret.", detail);
  if (error instanceof TypeError || error.code === "OAUTH_TIMEOUT")
    return new Problem(503, `The sign-in service at ${authority.origin} can't be reached. Is it running?`, detail);
  return new Problem(502, "Something went wrong while signing you in. Please try again.", detail);
}

function show(response, status, page) {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(page);
}

function asset(file, type) {
  const content = readFileSync(new URL(file, import.meta.url));
  return (request, response) => response.writeHead(200, { "Content-Type": type }).end(content);
}

function redirect(response, url) {
  response.writeHead(303, { Location: String(url) }).end();
}

server.listen(port, "localhost", () => console.log(`Web app at ${home}, signing in at ${authority.origin}`));
