// Linking an account to the user who is signed in.

import { friend, having, link, signIn } from "../lib/social.mjs";

export const profile = "social";

export const scenarios = {
  "each provider is linked from a session": async (world) => {
    const ada = await world.member();
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      await link(world, ada, provider, world.person(provider, "ada", { name: "Somebody Else" }));
    }
    await ada.client.listAccounts();
    await ada.client.getSession();
    await world.rows();
    await world.mails();
    world.asked();
  },

  "the state says who links": async (world) => {
    const ada = await world.member();
    await ada.client.linkSocial({ provider: "google", callbackURL: "/settings" });
    await ada.post("/link-social", {
      provider: "github",
      callbackURL: "/settings?a=b#c",
      errorCallbackURL: "/oops",
      scopes: ["repo"],
      loginHint: "ada",
      requestSignUp: true,
      additionalParams: { prompt: "consent" },
      additionalData: { link: { userId: "x", email: "x@people.test" }, plan: "gold" },
      disableRedirect: true,
      newUserCallbackURL: "/welcome",
    });
    await ada.post("/link-social", { provider: "google" });
    await world.rows();
  },

  "linking wants a session": async (world) => {
    await world.post("/link-social", { provider: "google", callbackURL: "/" });
    await world.post("/link-social", { provider: "nope" });
    await world.post("/link-social", {});
    await world.post("/link-social", { provider: "google", callbackURL: "https://evil.test" });
    await world.post("/link-social", { provider: "google" }, { headers: { authorization: "Bearer unknown" } });
  },

  "a bearer client links": async (world) => {
    const ada = await world.member();
    await world.post("/link-social", { provider: "google", callbackURL: "/" }, { headers: { authorization: `Bearer ${ada.token}` } });
  },

  "an unknown provider is not linked": async (world) => {
    const ada = await world.member();
    for (const provider of ["nope", "", "credential", "facebook"]) {
      await ada.post("/link-social", { provider });
      await ada.post("/link-social", { provider, idToken: { token: "x" } });
    }
  },

  "the address has to be the user's": async (world) => {
    const ada = await world.member();
    for (const provider of ["google", "github"]) await link(world, ada, provider, world.person(provider, "countess"));
    await link(world, ada, "google", world.person("google", "ada", { email: ada.email.toUpperCase() }));
    await world.rows();
  },

  "no address is another address": async (world) => {
    const ada = await world.member();
    await link(world, ada, "discord", world.person("discord"), { user: having({ email: null }) });
    await link(world, ada, "google", world.person("google"), { claims: having({ email: undefined }) });
    await world.rows();
  },

  "an address that the provider has not verified is linked by a trusted provider only": async (world) => {
    const ada = await world.member();
    for (const provider of ["github", "discord", "google"]) await link(world, ada, provider, world.person(provider, "ada", { verified: false }));
    await world.rows();
  },

  "a user who is not verified links": async (world) => {
    const ada = await world.member();
    await world.sql(`update "user" set "emailVerified" = false where email = $1`, ada.email);
    await link(world, ada, "github", world.person("github"));
    await ada.client.getSession();
    await world.rows();
  },

  "linking again renews tokens and adds scopes": async (world) => {
    const ada = await friend(world, "google");
    await link(world, ada, "google", ada.person, { body: { scopes: ["calendar"] } });
    await link(world, ada, "google", ada.person, { body: { scopes: ["drive"] }, token: having({ scope: "drive email" }) });
    await ada.client.listAccounts();
    await world.rows();
  },

  "somebody else's account stays theirs": async (world) => {
    const grace = await friend(world, "github", "grace");
    const ada = await world.member();
    await link(world, ada, "github", { ...grace.person, email: ada.email });
    await link(world, ada, "github", grace.person);
    await world.rows();
  },

  "the session that began has to be there still": async (world) => {
    const ending = {
      "signed out": (ada) => ada.post("/sign-out", {}),
      revoked: async (ada) => (await world.device(ada)).post("/revoke-other-sessions"),
      expired: (ada) => world.sql(`update session set "expiresAt" = now() - interval '1 second' where token = $1`, ada.token),
      deleted: (ada) => world.sql(`delete from session where token = $1`, ada.token),
    };
    const ada = await world.member();
    for (const end of Object.values(ending)) {
      const device = await world.device(ada);
      const { data } = await device.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
      await world.quietly(() => end(device));
      await device.follow(await world.consent(data.url, world.person("github")));
    }
    await world.rows();
  },

  "the user has to be there still": async (world) => {
    const ada = await world.member();
    const { data } = await ada.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
    await world.sql(`delete from "user" where email = $1`, ada.email);
    await ada.follow(await world.consent(data.url, world.person("github")));
    await world.rows();
  },

  "the browser has to be the same, its session need not": async (world) => {
    const ada = await world.member();
    const { data } = await ada.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
    const callback = await world.consent(data.url, world.person("github"));
    const eve = await world.member("eve");
    await eve.follow(callback);
    const state = "better-auth.state";
    eve.jar.put(state, ada.jar.get(state));
    await eve.follow(callback);
    await eve.client.getSession();
    await eve.client.listAccounts();
    await world.rows();
  },

  "the address is the one at the beginning": async (world) => {
    const ada = await world.member();
    const { data } = await ada.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
    await world.sql(`update "user" set email = $2 where email = $1`, ada.email, world.address("countess"));
    await ada.follow(await world.consent(data.url, world.person("github")));
    await world.rows();
  },

  "a state whose link was changed is refused": async (world) => {
    const ada = await world.member();
    const eve = await world.member("eve");
    const forge = async (pattern, replacement) => {
      const { data } = await eve.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
      const identifier = `auth-state:${new URL(data.url).searchParams.get("state")}`;
      await world.sql(`update verification set value = regexp_replace(value, $2, $3) where identifier = $1`, identifier, pattern, replacement);
      await eve.follow(await world.consent(data.url, world.person("github", "eve")));
    };
    await forge('"userId":"[^"]*"', `"userId":"${await world.userID(ada.email)}"`);
    await forge('"encryptedSessionToken":"[^"]*"', '"encryptedSessionToken":"00"');
    await world.rows();
  },

  "errors of the provider come back": async (world) => {
    const ada = await world.member();
    await link(world, ada, "github", world.person("github"), { refuses: { error: "access_denied", error_description: "No" } });
    await link(world, ada, "github", world.person("github"), { refuses: { error: "access_denied" }, body: { errorCallbackURL: undefined } });
    await link(world, ada, "github", world.person("github"), { callback: having({ code: "wrong" }) });
    await ada.client.listAccounts();
  },

  "whoever linked an account signs in with it": async (world) => {
    const ada = await world.member();
    await world.quietly(() => link(world, ada, "discord", world.person("discord")));
    const browser = world.browser();
    await signIn(world, browser, "discord", world.person("discord"));
    await browser.client.getSession();
  },
};
