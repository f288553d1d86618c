// A first-party native app that signs a person in with an e-mailed code, without a browser.
import { createInterface } from "node:readline";

const authority = (process.env.AUTHORITY ?? "http://localhost:5000").replace(/\/$/, "");
const client_id = "native";
const otpGrant = "urn:identityserver:params:oauth:grant-type:otp";

// Lines rather than keys, so that a test can pipe its answers in.
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(question) {
  process.stdout.write(`${question} `);
  const { value, done } = await lines.next();
  if (done) throw new Error("There was no more input.");
  return value.trim();
}

class Refused extends Error {
  constructor(status, { error, error_description } = {}) {
    super(error_description ?? error ?? `The server answered ${status}.`);
    this.error = error;
  }
}

async function send(url, options) {
  const response = await fetch(url, { ...options, redirect: "error", signal: AbortSignal.timeout(15_000) }).catch(() => {
    throw new Error(`The identity server at ${authority} can't be reached. Is it running?`);
  });
  const text = await response.text();
  const body = response.headers.get("content-type")?.includes("json") && text ? JSON.parse(text) : {};
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

const post = (url, form) => send(url, { method: "POST", body: new URLSearchParams(form) });

/** Sends a code; the answer is the same whether or not the address has an account. */
async function begin() {
  for (;;) {
    const address = await ask("Your e-mail address:");
    try {
      return await post(`${authority}/connect/otp`, { client_id, address, scope: "openid profile email offline_access" });
    } catch (error) {
      if (error.error !== "invalid_request") throw error;
      console.log(error.message); // not an address
    }
  }
}

/** Asks for the code until it is right, and for a name when the person is new here. */
async function finish(tokenEndpoint, started) {
  let { challenge, code_length: length } = started;
  for (;;) {
    const otp = await ask(`The ${length} digits that we sent you (or "resend"):`);
    const grant = { grant_type: otpGrant, client_id, challenge, otp };
    try {
      if (otp === "resend") {
        ({ challenge } = await post(`${authority}/connect/otp`, { client_id, challenge }));
        console.log("A new code is on its way. The earlier one no longer works.");
      } else {
        return await post(tokenEndpoint, grant);
      }
    } catch (error) {
      if (error.error === "registration_required")
        return post(tokenEndpoint, { ...grant, name: await ask("Welcome! What is your name?") });
      if (!(error instanceof Refused) || error.error === "invalid_client" || error.error === "unauthorized_client") throw error;
      console.log(error.message); // a wrong or spent code, or too soon for another
    }
  }
}

async function run() {
  const server = await send(`${authority}/.well-known/openid-configuration`);
  const started = await begin();
  const tokens = await finish(server.token_endpoint, started);

  const me = await send(server.userinfo_endpoint, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  console.log(`Signed in as ${me.name ?? "somebody"} <${me.email}>, subject ${me.sub}.`);

  // A real app keeps the refresh token in the system's key store, and replaces it with every answer.
  const { refresh_token } = tokens;
  const next = await post(server.token_endpoint, { grant_type: "refresh_token", client_id, refresh_token });
  console.log(`Refreshed. The new access token lasts ${next.expires_in} seconds.`);

  await post(server.revocation_endpoint, { client_id, token: next.refresh_token ?? refresh_token, token_type_hint: "refresh_token" });
  console.log("Signed out: the refresh token is revoked.");
}

try {
  await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
process.stdin.destroy();
