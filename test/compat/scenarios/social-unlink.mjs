// Taking an account off.

import { accountOf, friend, link, signIn } from "../lib/social.mjs";

export const profile = "social";

const linked = (world, provider) =>
  world.quietly(async () => {
    const ada = await world.member();
    await link(world, ada, provider, world.person(provider));
    return ada;
  });

export const scenarios = {
  "an account is taken off": async (world) => {
    const ada = await linked(world, "github");
    const { id } = await accountOf(world, ada, "github");
    await ada.client.unlinkAccount({ accountId: id });
    await ada.client.listAccounts();
    await ada.client.unlinkAccount({ accountId: id });
    await world.rows();
  },

  "the password may be taken off as well": async (world) => {
    const ada = await linked(world, "github");
    const { id } = await accountOf(world, ada, "credential");
    await ada.client.unlinkAccount({ accountId: id });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await signIn(world, world.browser(), "github", world.person("github"));
    await world.rows();
  },

  "the last account stays": async (world) => {
    const ada = await friend(world, "google");
    const { id } = await accountOf(world, ada, "google");
    await ada.client.unlinkAccount({ accountId: id });
    await ada.client.unlinkAccount({ accountId: "unknown" });
    await world.rows();
  },

  // D60
  "somebody else's account stays": async (world) => {
    const ada = await linked(world, "github");
    const grace = await friend(world, "google", "grace");
    await world.quietly(() => link(world, grace, "discord", world.person("discord", "grace")));
    const { id, accountId } = await accountOf(world, ada, "github");
    for (const guess of [id, accountId, id.toLowerCase(), ` ${id}`, `${id}\u0000`, "", "github", await world.userID(ada.email)]) await grace.post("/unlink-account", { accountId: guess });
    await ada.client.listAccounts();
    await grace.client.listAccounts();
  },

  "an account is named by its row": async (world) => {
    const ada = await linked(world, "github");
    const { id, accountId } = await accountOf(world, ada, "github");
    await ada.post("/unlink-account", { accountId });
    await ada.post("/unlink-account", { providerId: "github" });
    await ada.post("/unlink-account", { providerId: "github", accountId });
    await ada.post("/unlink-account", { providerId: "nope", accountId: id });
    await world.rows();
  },

  "taking off wants a fresh session": async (world) => {
    const ada = await linked(world, "github");
    const { id } = await accountOf(world, ada, "github");
    await world.sql(`update session set "createdAt" = now() - interval '25 hours' where token = $1`, ada.token);
    await ada.client.unlinkAccount({ accountId: id });
    await ada.client.unlinkAccount({ accountId: "unknown" });
    await world.sql(`update session set "createdAt" = now() - interval '23 hours' where token = $1`, ada.token);
    await ada.client.unlinkAccount({ accountId: id });
    await world.post("/unlink-account", { accountId: id });
    await world.post("/unlink-account", {});
  },

  "an account that was taken off comes as somebody new or as the same": async (world) => {
    const ada = await linked(world, "github");
    const { id } = await accountOf(world, ada, "github");
    await ada.client.unlinkAccount({ accountId: id });
    await signIn(world, world.browser(), "github", world.person("github"));
    await ada.client.listAccounts();
    await world.rows();
  },
};
