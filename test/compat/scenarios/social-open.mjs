// Different addresses, taking off the last account, the provider's profile in place of the own, and tokens that are kept encrypted.

import { accountOf, friend, having, link, signIn, without } from "../lib/social.mjs";

export const profile = "socialOpen";

const accountCookie = "better-auth.account_data";

export const scenarios = {
  "tokens are encrypted": async (world) => {
    for (const provider of ["google", "github", "acme"]) {
      const ada = world.browser();
      await signIn(world, ada, provider, world.person(provider, provider));
      await signIn(world, ada, provider, world.person(provider, provider));
    }
    await world.rows();
  },

  "encrypted tokens are told in clear": async (world) => {
    const ada = await friend(world, "google");
    const { id } = await accountOf(world, ada, "google");
    await ada.client.getAccessToken({ accountId: id });
    await ada.client.refreshToken({ accountId: id });
    await world.sql(`update account set "accessTokenExpiresAt" = now() where id = $1`, id);
    await ada.client.getAccessToken({ accountId: id });
    await ada.client.accountInfo({ query: { accountId: id } });
    await world.rows();
    world.asked();
  },

  "tokens from before encryption are told as they are": async (world) => {
    const ada = await friend(world, "google");
    const { id } = await accountOf(world, ada, "google");
    for (const token of ["ya29.plain-token", "0".repeat(81), "0".repeat(82), "deadbeef", "$ba$0$00", ""]) {
      await world.sql(`update account set "accessToken" = $2 where id = $1`, id, token);
      await ada.client.getAccessToken({ accountId: id });
    }
    await world.sql(`update account set "refreshToken" = $2 where id = $1`, id, "deadbeef");
    await ada.client.refreshToken({ accountId: id });
  },

  "the account travels in a cookie": async (world) => {
    for (const provider of ["google", "github", "apple"]) {
      const ada = world.browser();
      await signIn(world, ada, provider, world.person(provider, provider));
      for (const path of ["/get-access-token", "/refresh-token"]) await ada.post(path, { useAccountCookie: true });
      await ada.get("/account-info?useAccountCookie=true");
      const { id } = await accountOf(world, ada, provider);
      await ada.post("/get-access-token", { accountId: id });
      await ada.post("/refresh-token", { accountId: id });
      await ada.client.signOut();
    }
    await world.rows();
  },

  "the cookie follows a renewal": async (world) => {
    const ada = await friend(world, "google", "ada", { rotates: true });
    await ada.post("/refresh-token", { useAccountCookie: true });
    await ada.post("/refresh-token", { useAccountCookie: true });
    await world.rows();
  },

  "a cookie that is not good is none": async (world) => {
    const ada = await friend(world, "google");
    const good = ada.jar.get(accountCookie);
    for (const value of [`${good}x`, good.slice(1), "x", "", "a.b.c.d.e", `${good.slice(0, 50)}${good[50] === "A" ? "B" : "A"}${good.slice(51)}`]) {
      ada.jar.put(accountCookie, value);
      await ada.post("/get-access-token", { useAccountCookie: true });
    }
    ada.jar.put(accountCookie, good);
    await ada.post("/get-access-token", { useAccountCookie: true });
    await world.post("/get-access-token", { useAccountCookie: true }, { cookie: `${accountCookie}=${good}`, headers: { origin: world.target.baseURL } });
  },

  "a cookie of somebody else's account is none": async (world) => {
    const ada = await friend(world, "google");
    const eve = await friend(world, "google", "eve");
    eve.jar.put(accountCookie, ada.jar.get(accountCookie));
    for (const path of ["/get-access-token", "/refresh-token"]) await eve.post(path, { useAccountCookie: true });
    await eve.get("/account-info?useAccountCookie=true");
  },

  "an account too long for one cookie is kept in several": async (world) => {
    const ada = world.browser();
    const long = having({ long: Array.from({ length: 500 }, (_, i) => `role-${i}`).join(" ") });
    await signIn(world, ada, "google", world.person("google"), { claims: long });
    world.note("cookies", ada.jar.header().split("; ").map((cookie) => cookie.split("=")[0]).sort());
    await ada.post("/get-access-token", { useAccountCookie: true });
    await signIn(world, ada, "google", world.person("google"));
    world.note("cookies", ada.jar.header().split("; ").map((cookie) => cookie.split("=")[0]).sort());
    await ada.post("/get-access-token", { useAccountCookie: true });
    await ada.client.signOut();
  },

  "another address may be linked": async (world) => {
    const ada = await world.member();
    await link(world, ada, "github", world.person("github", "countess", { name: "Countess", image: "https://images.example.test/c.png" }));
    await ada.client.getSession();
    await link(world, ada, "discord", world.person("discord", "other", { verified: false }));
    await link(world, ada, "google", world.person("google", "third"), { claims: having({ email: undefined }) });
    await ada.post("/link-social", { provider: "google", idToken: { token: await world.idToken("google", world.person("google", "fourth", { name: "Fourth" })) } });
    await ada.client.getSession();
    await world.rows();
  },

  "whoever linked another address signs in with it": async (world) => {
    const ada = await world.member();
    await world.quietly(() => link(world, ada, "github", world.person("github", "countess")));
    const browser = world.browser();
    await signIn(world, browser, "github", world.person("github", "countess"));
    await browser.client.getSession();
    await world.rows();
  },

  "linking brings the provider's name and picture": async (world) => {
    const ada = await world.member("ada", { image: "https://images.example.test/a.png" });
    await link(world, ada, "github", world.person("github", "ada", { name: "Countess" }));
    await ada.client.getSession();
    await link(world, ada, "acme", world.person("acme", "ada", { name: "Enchantress" }), { claims: without("picture") });
    await ada.client.getSession();
    await world.rows();
  },

  "so does an account that joins by its address": async (world) => {
    const ada = await world.member("ada", { image: "https://images.example.test/a.png" });
    await signIn(world, world.browser(), "github", world.person("github", "ada", { name: "Countess" }));
    await ada.client.getSession();
    await world.rows();
  },

  "each sign-in brings what the provider says": async (world) => {
    const ada = await friend(world, "google");
    const changed = { name: "Countess", email: world.address("countess"), image: "https://lh3.googleusercontent.com/a/new" };
    for (const others of [changed, { ...changed, verified: false }, { email: world.address("third"), verified: false }, { name: undefined, image: undefined }]) {
      await signIn(world, world.browser(), "google", world.person("google", "ada", others));
      await ada.client.getSession();
    }
    await world.rows();
  },

  "an address that is taken is not brought": async (world) => {
    const grace = await world.member("grace");
    const ada = await friend(world, "google");
    await signIn(world, world.browser(), "google", { ...ada.person, email: grace.email, name: "Grace" });
    await ada.client.getSession();
    await world.rows();
  },

  "an account without overriding says nothing new": async (world) => {
    const ada = await friend(world, "discord");
    await signIn(world, world.browser(), "discord", world.person("discord", "ada", { name: "Countess", email: world.address("countess") }));
    await ada.client.getSession();
    await world.rows();
  },

  "the last account may be taken off": async (world) => {
    const ada = await friend(world, "google");
    const { id } = await accountOf(world, ada, "google");
    await ada.client.unlinkAccount({ accountId: id });
    await ada.client.listAccounts();
    await ada.client.getSession();
    await signIn(world, world.browser(), "google", ada.person);
    await world.rows();
  },
};
