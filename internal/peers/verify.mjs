// Verifies tokens as a service elsewhere would: with the library that is asked
// for and the issuer's published keys. It reads what to do as JSON from its
// standard input and prints, as one object, what became of each token: its
// subject, or the text of the library's error.
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const { library, jwks, checks } = JSON.parse(readFileSync(0, 'utf8'));

const libraries = {
  async jose() {
    const { createRemoteJWKSet, jwtVerify } = await import('jose');
    const keys = createRemoteJWKSet(new URL(jwks));
    return async ({ token, issuer, audience, algorithm }) => {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: [algorithm], typ: 'at+jwt' });
      return payload;
    };
  },

  async jsonwebtoken() {
    const { default: jwt } = await import('jsonwebtoken');
    const { default: jwksClient } = await import('jwks-rsa');
    const keys = jwksClient({ jwksUri: jwks });
    const key = ({ kid }, done) => keys.getSigningKey(kid).then((found) => done(null, found.getPublicKey()), done);
    const verify = promisify(jwt.verify);
    return ({ token, issuer, audience, algorithm }) => verify(token, key, { issuer, audience, algorithms: [algorithm] });
  },
};

const verify = await libraries[library]();
const results = {};
for (const [name, check] of Object.entries(checks)) {
  results[name] = await verify(check).then(({ sub }) => ({ subject: sub }), (err) => ({ error: err.message }));
}
console.log(JSON.stringify(results));
