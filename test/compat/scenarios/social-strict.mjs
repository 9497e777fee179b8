// Nobody signs up, is linked or is trusted unless that is said.

import { accountOf, having, link, signIn } from "../lib/social.mjs";

export const profile = "socialStrict";

const asked = { body: { requestSignUp: true } };

export const scenarios = {
  "configured scopes and parameters are in the request": async (world) => {
    for (const provider of ["google", "github", "apple", "discord", "acme"]) {
      await world.post("/sign-in/social", { provider, scopes: ["more"], additionalParams: { prompt: "none" } });
      await world.post("/sign-in/social", { provider });
    }
  },

  "nobody signs up without asking": async (world) => {
    for (const provider of ["google", "github", "apple", "discord", "acme"]) {
      await signIn(world, world.browser(), provider, world.person(provider, provider));
    }
    await world.rows();
  },

  "whoever asks signs up, where that is allowed at all": async (world) => {
    for (const provider of ["google", "github", "acme"]) {
      await signIn(world, world.browser(), provider, world.person(provider, provider), asked);
      await signIn(world, world.browser(), provider, world.person(provider, provider));
    }
    await world.rows();
  },

  "an ID token signs up only who asks": async (world) => {
    for (const provider of ["google", "acme"]) {
      for (const requestSignUp of [undefined, false, true]) {
        await world.post("/sign-in/social", { provider, requestSignUp, idToken: { token: await world.idToken(provider, world.person(provider, provider)) } });
      }
    }
    await world.rows();
  },

  "without sign-up an error leads to errorCallbackURL or the default page": async (world) => {
    await signIn(world, world.browser(), "github", world.person("github"), { body: { errorCallbackURL: "/oops?a=b#c" } });
    await signIn(world, world.browser(), "github", world.person("github"), { body: { errorCallbackURL: undefined } });
  },

  "a verified address is not linked by itself": async (world) => {
    await world.member();
    for (const provider of ["google", "github", "apple", "discord", "acme"]) await signIn(world, world.browser(), provider, world.person(provider), asked);
    await world.rows();
  },

  "the user links what the provider has verified": async (world) => {
    const ada = await world.member();
    await link(world, ada, "google", world.person("google", "ada", { verified: false }));
    await link(world, ada, "google", world.person("google"));
    await link(world, ada, "github", world.person("github"));
    await ada.post("/link-social", { provider: "apple", idToken: { token: await world.idToken("apple", world.person("apple", "ada", { verified: false })) } });
    await ada.post("/link-social", { provider: "apple", idToken: { token: await world.idToken("apple", world.person("apple")) } });
    await signIn(world, world.browser(), "github", world.person("github"));
    await world.rows();
  },

  "what was linked signs in where sign-up is switched off": async (world) => {
    const ada = await world.member();
    await world.quietly(() => link(world, ada, "github", world.person("github")));
    const browser = world.browser();
    await signIn(world, browser, "github", world.person("github"));
    await browser.client.getSession();
  },

  "tokens stay as they were at the first sign-in": async (world) => {
    await signIn(world, world.browser(), "google", world.person("google"), asked);
    await world.rows();
    await signIn(world, world.browser(), "google", world.person("google"), { claims: having({ name: "Countess" }) });
    await world.rows();
  },

  "a renewal is kept all the same": async (world) => {
    const ada = world.browser();
    await signIn(world, ada, "google", world.person("google"), asked);
    const { id } = await accountOf(world, ada, "google");
    await ada.client.refreshToken({ accountId: id });
    await world.rows();
  },

  // Nobody asks for an unknown key here, after which a careful server would not look again at once.
  "a key of later is found": async (world) => {
    const kid = `google-${world.slug}`;
    const show = async (header) => world.post("/sign-in/social", { ...asked.body, provider: "google", idToken: { token: await world.idToken("google", world.person("google"), { header }) } });
    await show({});
    await world.target.providers.ring("google").publish(kid);
    await show({ kid });
    await show({ kid: "google-2" });
  },
};
