// Everything that npm's openid-client can do with this server, apart from the person: input {issuer, client, secret, redirectUri},
// then one line per answer of the test; see OpenIdClientTests.cs.
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oidc from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const { issuer, client, secret, redirectUri, audience } = await next();
const config = await oidc.discovery(new URL(issuer), client, undefined, secret ? oidc.ClientSecretPost(secret) : oidc.None(), {
  execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
});
const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
say({
  url: oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid profile email offline_access",
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    max_age: "3600",
  }).href,
});

const { callback } = await next();
const tokens = await oidc.authorizationCodeGrant(config, new URL(callback), {
  expectedState: state,
  expectedNonce: nonce,
  pkceCodeVerifier: verifier,
  idTokenExpected: true,
  maxAge: 3600,
});
const metadata = config.serverMetadata();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const idToken = await jwtVerify(tokens.id_token, keys, { issuer, audience: client, algorithms: ["RS256"] });
const accessToken = await jwtVerify(tokens.access_token, keys, { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] });
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
const retried = await oidc.refreshTokenGrant(config, tokens.refresh_token);
const active = secret ? await oidc.tokenIntrospection(config, refreshed.access_token) : undefined;
await oidc.tokenRevocation(config, refreshed.refresh_token);
const revoked = secret ? await oidc.tokenIntrospection(config, refreshed.access_token) : undefined;
say({
  metadata,
  idToken: idToken.payload,
  accessToken: accessToken.payload,
  userinfo,
  sameSuccessor: refreshed.refresh_token === retried.refresh_token,
  active: active?.active,
  revoked: revoked?.active,
  endSession: oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, state }).href,
});
process.exit(0);
