// A better-auth server as a target.

import { fileURLToPath } from "node:url";
import { known } from "../providers/start.mjs";
import { openDatabase } from "./database.mjs";
import { start, untilReady } from "./process.mjs";
import { disconnect } from "./wire.mjs";

const folder = new URL("../reference/", import.meta.url);

/**
 * @param server, env another file of reference/ than server.mjs, and what it wants in its environment
 * @returns a target: {name, baseURL, address, database, providers, mails(), settleMails(), settleRenewals(), stop()}
 */
export async function startReference({ name, profile, databaseURL, publicURL, secret, providers, server = "server.mjs", env = {} }) {
  const running = start(process.execPath, [fileURLToPath(new URL(server, folder))], {
    ...process.env,
    NODE_ENV: "production",
    DATABASE_URL: databaseURL,
    BETTER_AUTH_SECRET: secret,
    ...(profile && { COMPAT_PROFILE: profile }),
    ...(providers && { COMPAT_PROVIDERS_URL: providers.url, COMPAT_APPLE: JSON.stringify(known.apple.credentials) }),
    COMPAT_PUBLIC_URL: publicURL,
    ...env,
  });
  const target = {
    name,
    baseURL: publicURL,
    providers,
    database: openDatabase(databaseURL),
    mails: async () => (await fetch(`${target.address}/__mail`)).json(),
    // Mails are handed over before the request is answered.
    settleMails: async () => {},
    // And so is a renewal written.
    settleRenewals: async () => {},
    async stop() {
      disconnect(target);
      await target.database.end();
      await running.stop();
    },
  };
  try {
    target.address = await untilReady(name, running, async () => readyURL(running.output()));
  } catch (error) {
    await target.stop();
    throw error;
  }
  return target;
}

function readyURL(output) {
  const line = output.split("\n").find((text) => text.startsWith('{"ready":true'));
  return line && JSON.parse(line).url;
}
