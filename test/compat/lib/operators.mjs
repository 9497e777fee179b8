// People with a role, who do their work in several scenarios: signing up costs a second.

import { adminClient } from "better-auth/client/plugins";

const password = "correct horse battery";
const hired = new WeakMap();

/** A browser of somebody with the role, in which no other scenario does anything; at the official client with its admin plugin. Not written down. */
export async function inRole(world, role) {
  if (!hired.has(world.target)) hired.set(world.target, new Map());
  const roles = hired.get(world.target);
  if (!roles.has(role)) roles.set(role, hire(world, role));
  const { email, jar } = await roles.get(role);
  const browser = Object.assign(world.browser(), { email, password, jar: jar.copy() });
  return browser.use(adminClient());
}

async function hire(world, role) {
  const email = `${role.replace(",", ".")}@operators.test`;
  const browser = world.browser();
  await world.quietly(() => browser.post("/sign-up/email", { name: role, email, password }));
  if (!browser.jar.session()) await world.quietly(() => browser.post("/sign-in/email", { email, password })); // hired at the other server already
  await world.sql(`update "user" set role = $2 where email = $1`, email, role);
  return { email, jar: browser.jar };
}
