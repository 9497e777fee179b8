// What the provider tells of the account: account-info.

import { failure, page } from "../providers/answers.mjs";
import { accountOf, friend, having, without } from "../lib/social.mjs";

export const profile = "social";

async function owner(world, provider, changes, who = "ada") {
  const ada = await friend(world, provider, who, changes);
  const { id } = await accountOf(world, ada, provider);
  return { ada, id };
}

export const scenarios = {
  "each provider tells in its own words": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      const { ada, id } = await owner(world, provider, {}, provider);
      await ada.client.accountInfo({ query: { accountId: id } });
    }
    world.asked();
  },

  "a token that has expired is renewed before": async (world) => {
    const { ada, id } = await owner(world, "google");
    await world.sql(`update account set "accessTokenExpiresAt" = now() - interval '1 minute' where id = $1`, id);
    await ada.client.accountInfo({ query: { accountId: id } });
    world.note("account", await world.sql(`select * from account where id = $1`, id));
    world.asked();
  },

  "a renewal that fails is told": async (world) => {
    const { ada, id } = await owner(world, "google", { refresh: () => failure(400, { error: "invalid_grant" }) });
    await world.sql(`update account set "accessTokenExpiresAt" = now() - interval '1 minute' where id = $1`, id);
    await ada.client.accountInfo({ query: { accountId: id } });
  },

  "the provider says no": async (world) => {
    const { ada, id } = await owner(world, "github");
    const account = (token) => world.sql(`update account set "accessToken" = $2 where id = $1`, id, token);
    for (const token of ["revoked", "", null]) {
      await account(token);
      await ada.client.accountInfo({ query: { accountId: id } });
    }
  },

  "a person has changed since": async (world) => {
    let now = {};
    const { ada, id } = await owner(world, "github", { user: (all) => ({ ...all, ...now }) });
    for (now of [{ name: "Countess" }, { email: "countess@people.test" }, { email: null }, { name: null }]) await ada.client.accountInfo({ query: { accountId: id } });
    await ada.client.getSession();
  },

  "a bad day at the provider": async (world) => {
    let answer = (all) => all;
    const { ada, id } = await owner(world, "github", { user: (all) => answer(all) });
    for (answer of [() => failure(500, {}), () => failure(403, { message: "rate limit" }), having({ id: undefined })]) await ada.client.accountInfo({ query: { accountId: id } });
    const { ada: grace, id: other } = await owner(world, "discord", {}, "grace");
    await world.sql(`update account set "accessToken" = 'revoked' where id = $1`, other);
    await grace.client.accountInfo({ query: { accountId: other } });
  },

  "an ID token that is not kept": async (world) => {
    for (const provider of ["google", "acme"]) {
      const { ada, id } = await owner(world, provider, {}, provider);
      await world.sql(`update account set "idToken" = null where id = $1`, id);
      await ada.client.accountInfo({ query: { accountId: id } });
    }
    world.asked();
  },

  "an ID token that is not good any more": async (world) => {
    const { ada, id } = await owner(world, "acme", { claims: having({ exp: Math.floor(Date.now() / 1000) + 2, custom: { nested: [1] } }) });
    await ada.client.accountInfo({ query: { accountId: id } });
    const { ada: grace, id: other } = await owner(world, "google", { claims: without("name", "picture") }, "grace");
    await grace.client.accountInfo({ query: { accountId: other } });
  },

  "the query says which account": async (world) => {
    const { ada, id } = await owner(world, "google");
    const queries = ["", "?accountId=", "?accountId=unknown", `?accountId=${id}&unknown=1`, `?accountId=${id}&accountId=${id}`, `?accountId=${id}&useAccountCookie=true`, "?useAccountCookie=true", "?useAccountCookie=", `?accountId=${id}&userId=`, `?accountid=${id}`, `?accountId=${ada.person.subject}`];
    for (const query of queries) await ada.get(`/account-info${query}`);
    await world.get("/account-info");
    await world.get(`/account-info?accountId=${id}`);
    await ada.post("/account-info", { accountId: id });
  },

  "a password account has nothing to tell": async (world) => {
    const ada = await world.member();
    const { id } = await accountOf(world, ada, "credential");
    await ada.client.accountInfo({ query: { accountId: id } });
  },

  "a page instead of a profile": async (world) => {
    let broken = false;
    const { ada, id } = await owner(world, "acme", { claims: without("email"), user: (all) => (broken ? page() : all) });
    await ada.client.accountInfo({ query: { accountId: id } });
    broken = true;
    await ada.client.accountInfo({ query: { accountId: id } });
  },
};
