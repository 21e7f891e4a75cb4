// Makes a key for a service. The private half goes into the file that
// CLIENT_KEY names; the public one is printed, for `grpcauth client add --jwks`.
import { writeFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
const shared = { alg: 'EdDSA', use: 'sig', kid: await calculateJwkThumbprint(publicKey) };

writeFileSync(process.env.CLIENT_KEY, JSON.stringify({ ...await exportJWK(privateKey), ...shared }), { mode: 0o600 });
console.log(JSON.stringify({ keys: [{ ...await exportJWK(publicKey), ...shared }] }));
