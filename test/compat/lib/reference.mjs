// A better-auth server as a target.

import { fileURLToPath } from "node:url";
import { openDatabase } from "./database.mjs";
import { start, untilReady } from "./process.mjs";
import { disconnect } from "./wire.mjs";

const server = fileURLToPath(new URL("../reference/server.mjs", import.meta.url));

/** @returns a target: {name, baseURL, address, database, mails(), settleMails(), stop()} */
export async function startReference({ name, profile, databaseURL, publicURL, secret }) {
  const running = start(process.execPath, [server], {
    ...process.env,
    NODE_ENV: "production",
    DATABASE_URL: databaseURL,
    BETTER_AUTH_SECRET: secret,
    COMPAT_PROFILE: profile,
    COMPAT_PUBLIC_URL: publicURL,
  });
  const target = {
    name,
    baseURL: publicURL,
    database: openDatabase(databaseURL),
    mails: async () => (await fetch(`${target.address}/__mail`)).json(),
    // Mails are handed over before the request is answered.
    settleMails: async () => {},
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
