// Prints an assertion of the service CLIENT_ID for the auth server ISSUER,
// signed with the key in the file CLIENT_KEY.
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { SignJWT, importJWK } from 'jose';

const { CLIENT_KEY, CLIENT_ID, ISSUER } = process.env;
const key = JSON.parse(readFileSync(CLIENT_KEY, 'utf8'));

console.log(await new SignJWT()
  .setProtectedHeader({ alg: key.alg, kid: key.kid })
  .setIssuer(CLIENT_ID)
  .setSubject(CLIENT_ID)
  .setAudience(ISSUER)
  .setJti(randomUUID())
  .setExpirationTime('1 minute')
  .sign(await importJWK(key)));
