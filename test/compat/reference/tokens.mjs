// Writes what better-auth's jwt plugin makes of one user, for each algorithm: the row of the key, the
// token, and the key set. Package authflow/jwt must read all of it:
//
//   node reference/tokens.mjs > ../../authflow/jwt/testdata/node.json

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { bearer } from "better-auth/plugins/bearer";
import { jwt } from "better-auth/plugins/jwt";

const baseURL = "https://auth.example.test";
const secret = "a-secret-that-node-and-go-share-0123456789";

const user = {
  id: "Jb3n5vXqTz8LwRk2YdPcMfHs7GtA9eUo",
  name: "Ada Lovelace, \"Countess\" <&> ñ",
  email: "ada@people.test",
  emailVerified: true,
  image: null,
  createdAt: new Date("2026-01-02T03:04:05.678Z"),
  updatedAt: new Date("2026-02-03T04:05:06.007Z"),
};

const session = {
  id: "s".repeat(32),
  userId: user.id,
  token: "t".repeat(32),
  expiresAt: new Date(Date.now() + 86_400_000),
  createdAt: new Date(),
  updatedAt: new Date(),
  ipAddress: "",
  userAgent: "",
};

const cases = {
  EdDSA: {},
  ES256: { jwks: { keyPairConfig: { alg: "ES256" } } },
  ES512: { jwks: { keyPairConfig: { alg: "ES512" } } },
  RS256: { jwks: { keyPairConfig: { alg: "RS256" } } },
  PS256: { jwks: { keyPairConfig: { alg: "PS256" } } },
  "not encrypted": { jwks: { disablePrivateKeyEncryption: true } },
  "versioned secret": { secrets: [{ version: 3, value: secret }] },
  "named issuer and audiences": { jwt: { issuer: "https://issuer.test", audience: ["https://a.test", "https://b.test"] } },
};

const golden = { baseURL, secret, user, cases: {} };
for (const [name, { secrets, ...options }] of Object.entries(cases)) {
  const rows = { user: [user], session: [session], account: [], verification: [], jwks: [] };
  const auth = betterAuth({
    database: memoryAdapter(rows),
    baseURL,
    secret: secrets ? undefined : secret,
    secrets,
    plugins: [bearer(), jwt(options)],
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const ask = async (path) => {
    const headers = { authorization: `Bearer ${session.token}` };
    return (await auth.handler(new Request(`${baseURL}/api/auth${path}`, { headers }))).json();
  };
  const { token } = await ask("/token");
  golden.cases[name] = { row: rows.jwks[0], token, jwks: await ask("/jwks") };
}
console.log(JSON.stringify(golden, null, 2));
