// Reads an array of commands as JSON from stdin and writes an array of answers to stdout.
//   { "do": "verify", "jws", "jwks", "alg", "typ"? } -> { "valid": true, "header", "payload" } or { "valid": false, "error" }
//   { "do": "sign", "alg", "typ", "payload" }        -> { "jws", "jwk" }, with a new key
//   { "do": "thumbprint", "jwk" }                    -> { "thumbprint" }
//   { "do": "pss", "salt", "payload" }               -> { "jws", "jwk" }, PS256 with a salt of that many bytes
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const commands = {
  async verify({ jws, jwks, alg, typ }) {
    try {
      const { payload, protectedHeader } = await jwtVerify(jws, createLocalJWKSet(jwks), { algorithms: [alg], typ });
      return { valid: true, header: protectedHeader, payload };
    } catch (error) {
      return { valid: false, error: error.code };
    }
  },

  async sign({ alg, typ, payload }) {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(publicKey)), alg, use: 'sig' };
    jwk.kid = await calculateJwkThumbprint(jwk);
    return { jws: await new SignJWT(payload).setProtectedHeader({ alg, typ, kid: jwk.kid }).sign(privateKey), jwk };
  },

  async thumbprint({ jwk }) {
    return { thumbprint: await calculateJwkThumbprint(jwk) };
  },

  async pss({ salt, payload }) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const input = `${encode({ alg: 'PS256' })}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt });
    return { jws: `${input}.${signature.toString('base64url')}`, jwk: publicKey.export({ format: 'jwk' }) };
  },
};

let input = '';
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const command of JSON.parse(input)) answers.push(await commands[command.do](command));
process.stdout.write(JSON.stringify(answers));
