// Starts targets by name, with databases of their own or one for all.

import { randomUUID } from "node:crypto";
import { startProviders } from "../providers/start.mjs";
import { createDatabase } from "./database.mjs";
import { startPostern } from "./postern.mjs";
import { profiles } from "./profiles.mjs";
import { startReference } from "./reference.mjs";

const starters = { reference: startReference, postern: startPostern };

// Both targets believe to be reached at the same place, as they would in a migration, and nobody
// listens there: requests go to a target's own address under this name.
const publicURLs = { http: "http://localhost:3000", https: "https://auth.example.test" };

/**
 * Starts one target for each name.
 * @param shared one database (and set of identity providers) for all instead of one each
 * @returns {targets, stop()}
 */
export async function startTargets(names, { profile, serverURL, shared = false }) {
  const secret = randomUUID();
  const publicURL = publicURLs[profiles[profile].publicScheme];
  const stops = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const targets = [];
    let database, providers;
    for (const [index, name] of names.entries()) {
      if (!starters[name]) throw new Error(`no target named ${name}; there are ${Object.keys(starters).join(", ")}`);
      if (!shared || !database) {
        database = await createDatabase(serverURL);
        stops.push(database.drop);
        providers = profiles[profile].providers && (await startProviders({ callbackBase: `${publicURL}/api/auth/callback` }));
        if (providers) stops.push(providers.stop);
      }
      const label = names.indexOf(name) === index ? name : `${name} ${index + 1}`;
      const target = await starters[name]({ name: label, profile, databaseURL: database.url, publicURL, secret, providers });
      targets.push(Object.assign(target, { secret, profile: profiles[profile] }));
      stops.push(target.stop);
    }
    return { targets, secret, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
