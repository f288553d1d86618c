// A protected resource: answers with the caller's notes when the access token is good (RFC 6750, RFC 9068).
import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const authority = process.env.AUTHORITY ?? "http://localhost:5000";
const port = Number(process.env.PORT ?? 5174);
const audience = process.env.AUDIENCE ?? "http://localhost:5174";
const allowedOrigin = process.env.ALLOWED_ORIGIN ?? "http://localhost:5173";

/** A refusal by RFC 6750 §3: a status and what WWW-Authenticate says about it. */
class Refusal extends Error {
  constructor(status, parameters = {}) {
    super(`refused with ${status}`);
    this.status = status;
    this.challenge =
      "Bearer " + Object.entries({ realm: "notes", ...parameters }).map(([name, value]) => `${name}="${value}"`).join(", ");
  }
}

let discovered;
async function discover() {
  const response = await fetch(`${authority}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`discovery answered ${response.status}`);
  const { issuer, jwks_uri } = await response.json();
  // OpenID Connect Discovery §4.3: the issuer must be the one that was asked, or a mix-up is possible.
  if (issuer.replace(/\/$/, "") !== authority.replace(/\/$/, "")) throw new Error(`discovery names another issuer: ${issuer}`);
  return { issuer, keys: createRemoteJWKSet(new URL(jwks_uri)) };
}

// Not the token's fault: the identity server's keys could not be fetched.
const keysAreMissing = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);

async function authenticate(request, scope) {
  const [scheme, token, ...rest] = (request.headers.authorization ?? "").split(" ");
  // RFC 6750 §3.1: without any credentials the answer should not carry an error code.
  if (scheme.toLowerCase() !== "bearer") throw new Refusal(401);
  if (!token || rest.length > 0) throw new Refusal(400, { error: "invalid_request", error_description: "One bearer token, please." });

  discovered ??= await discover();
  let claims;
  try {
    const verified = await jwtVerify(token, discovered.keys, {
      issuer: discovered.issuer,
      audience,
      typ: "at+jwt", // an ID token is not an access token
      algorithms: ["ES256"],
      requiredClaims: ["exp", "iat", "jti", "sub", "client_id"],
      clockTolerance: 10,
    });
    claims = verified.payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError) || keysAreMissing.has(error.code)) throw error;
    const why = error instanceof errors.JWTExpired ? "The access token expired." : "The access token is not valid here.";
    throw new Refusal(401, { error: "invalid_token", error_description: why });
  }

  if (!String(claims.scope ?? "").split(" ").includes(scope)) throw new Refusal(403, { error: "insufficient_scope", scope });
  return claims;
}

async function answer(request, response) {
  response.setHeader("Access-Control-Allow-Origin", allowedOrigin);
  response.setHeader("Access-Control-Expose-Headers", "WWW-Authenticate");
  response.setHeader("Vary", "Origin");
  response.setHeader("Cache-Control", "no-store");

  if (request.url.split("?")[0] !== "/notes") return json(response, 404, { error: "There is only /notes here." });
  if (request.method === "OPTIONS") {
    response.setHeader("Access-Control-Allow-Methods", "GET");
    response.setHeader("Access-Control-Allow-Headers", "Authorization");
    response.setHeader("Access-Control-Max-Age", "600");
    return response.writeHead(204).end();
  }
  if (request.method !== "GET") {
    response.setHeader("Allow", "GET, OPTIONS");
    return json(response, 405, { error: "Notes can only be read." });
  }

  const { sub } = await authenticate(request, "notes");
  json(response, 200, { sub, notes: ["Water the basil", "Call Grace about the boat", "A code is enough"] });
}

function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, response) =>
  answer(request, response).catch((error) => {
    if (error instanceof Refusal) {
      response.setHeader("WWW-Authenticate", error.challenge);
      return json(response, error.status, { error: "The access token was refused; WWW-Authenticate says why." });
    }
    console.error(`Cannot check tokens of ${authority}: ${error.message}`);
    json(response, 503, { error: "Tokens cannot be checked at the moment." });
  }),
);
server.listen(port, "localhost", () => console.log(`Notes API at http://localhost:${port}/notes, trusting ${authority}`));
