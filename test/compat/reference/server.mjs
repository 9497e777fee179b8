// A real better-auth server, the one Postern is compared with.
//
// Environment:
//   DATABASE_URL          PostgreSQL; better-auth's own migrations run at start
//   BETTER_AUTH_SECRET    at least 32 characters
//   COMPAT_PROFILE        a name in lib/profiles.mjs (default "sample")
//   COMPAT_PUBLIC_URL     the base URL (default: the address it listens on)
//   COMPAT_PROVIDERS_URL  where the fake identity providers are, if the profile has some
//   COMPAT_APPLE          how to sign Apple's client secret: {"teamID", "keyID", "privateKey"}
//   COMPAT_LOG            any value: better-auth logs to standard error
//
// It listens on a free port of 127.0.0.1, prints one JSON line {"ready": true, "url": "..."} and ends
// when its standard input is closed. Mails go nowhere: GET /__mail serves them as [{to, kind, url, token}].

import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import pg from "pg";
import { letter } from "../lib/mail.mjs";
import { profiles } from "../lib/profiles.mjs";
import { divertEgress } from "./egress.mjs";
import { options } from "./options.mjs";

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}

const profile = profiles[process.env.COMPAT_PROFILE || "sample"];
if (!profile) throw new Error(`no profile named ${process.env.COMPAT_PROFILE}`);

divertEgress(process.env.COMPAT_PROVIDERS_URL);

const mails = [];
let handle;

const server = createServer((request, response) => {
  if (request.url === "/__mail") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(mails));
    return;
  }
  handle(request, response);
});
// A connection that is idle while the machine is busy must not be closed under the next request.
server.keepAliveTimeout = 600_000;

server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const configured = await options(profile, {
    database: new pg.Pool({ connectionString: required("DATABASE_URL"), max: 8 }),
    baseURL: process.env.COMPAT_PUBLIC_URL || url,
    secret: required("BETTER_AUTH_SECRET"),
    deliver: (to, link, token) => mails.push({ ...letter(to, link), token }),
    providersURL: process.env.COMPAT_PROVIDERS_URL,
    apple: JSON.parse(process.env.COMPAT_APPLE || "null"),
  });
  const { runMigrations } = await getMigrations(configured);
  await runMigrations();
  handle = toNodeHandler(betterAuth(configured));
  console.log(JSON.stringify({ ready: true, url }));
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
