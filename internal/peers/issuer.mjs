// An authorization server: oidc-provider, on a free port of the loopback
// address or on PORT, with keys of its own at every start. It prints where it
// is as one line of JSON, and ends when its standard input does.
//
// One client, "robot", may ask for access tokens for the resources
// https://notes.test/ALG, each signed with that algorithm for the audience
// https://notes.test. Whoever comes to log in is "ada", without being asked.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const keyTypes = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  EdDSA: ['ed25519'],
  Ed25519: ['ed25519'],
};

const keys = Object.entries(keyTypes).map(([alg, [type, options]]) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
}));

const configuration = {
  jwks: { keys },
  cookies: { keys: ['for cookies that live as long as this process'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] },
  clients: [{
    client_id: 'robot',
    client_secret: 'robot-secret',
    grant_types: ['client_credentials', 'authorization_code'],
    redirect_uris: ['https://robot.test/callback'],
    scope: 'openid notes.read notes.write',
  }],
  scopes: ['openid', 'notes.read', 'notes.write'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'notes.read notes.write',
        audience: 'https://notes.test',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: new URL(resource).pathname.slice(1) } },
      }),
    },
  },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (ctx, interaction) => `/login/${interaction.uid}` },
  // Consent to whatever is asked for.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid notes.read notes.write');
    for (const resource of Object.keys(ctx.oidc.resourceServers)) grant.addResourceScope(resource, 'notes.read notes.write');
    await grant.save();
    return grant;
  },
};

const server = createServer();
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (req, res) => {
    if (!req.url.startsWith('/login/')) return answer(req, res);
    provider.interactionFinished(req, res, { login: { accountId: 'ada' } }).catch((err) => res.destroy(err));
  });
  console.log(JSON.stringify({ issuer }));
});

process.stdin.resume().on('end', () => process.exit(0));
