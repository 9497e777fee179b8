// A better-auth server of any version, as a team might have it. Postern takes over its database.
//
// Environment:
//   BETTER_AUTH_PACKAGE   the package under its name here: better-auth, better-auth-1-6, ...
//   BETTER_AUTH_PLUGINS   any value: with admin, organization, two-factor and username
//   DATABASE_URL, BETTER_AUTH_SECRET, COMPAT_PUBLIC_URL   as for server.mjs
//
// Like server.mjs it listens on a free port, says so in one line, and ends with its standard input.

import { createServer } from "node:http";
import pg from "pg";

const { BETTER_AUTH_PACKAGE: name, BETTER_AUTH_PLUGINS, DATABASE_URL, BETTER_AUTH_SECRET, COMPAT_PUBLIC_URL } = process.env;

const { betterAuth } = await import(name);
const { getMigrations } = await import(`${name}/db/migration`);
const { toNodeHandler } = await import(`${name}/node`);
const { admin, organization, twoFactor, username } = await import(`${name}/plugins`);

const options = {
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 4 }),
  baseURL: COMPAT_PUBLIC_URL,
  secret: BETTER_AUTH_SECRET,
  plugins: BETTER_AUTH_PLUGINS ? [admin(), organization(), twoFactor(), username()] : [],
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
};

const { runMigrations } = await getMigrations(options);
await runMigrations();

const server = createServer(toNodeHandler(betterAuth(options)));
// A connection that is idle while the machine is busy must not be closed under the next request.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ ready: true, url: `http://127.0.0.1:${server.address().port}` }));
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
