// No linking, and everything behind https.

import { friend, link, signIn } from "../lib/social.mjs";

export const profile = "socialClosed";

export const scenarios = {
  "the state is in a __Secure- cookie": async (world) => {
    const ada = world.browser();
    await signIn(world, ada, "google", world.person("google"));
    await ada.client.getSession();
    await world.rows();
  },

  "a state cookie without the prefix is none": async (world) => {
    const ada = world.browser();
    const { data } = await ada.client.signIn.social({ provider: "google", callbackURL: "/app", errorCallbackURL: "/oops" });
    const callback = await world.consent(data.url, world.person("google"));
    const value = ada.jar.get("__Secure-better-auth.state");
    await world.get(new URL(callback.url).pathname + new URL(callback.url).search, { cookie: `better-auth.state=${value}` });
    await ada.follow(callback);
  },

  "a posted callback comes back over https": async (world) => {
    await signIn(world, world.browser(), "apple", world.person("apple"));
  },

  "an address that is known is not joined": async (world) => {
    await world.member();
    for (const provider of ["google", "github"]) await signIn(world, world.browser(), provider, world.person(provider));
    await world.post("/sign-in/social", { provider: "google", idToken: { token: await world.idToken("google", world.person("google")) } });
    await world.rows();
  },

  "nor is it from a session": async (world) => {
    const ada = await world.member();
    for (const provider of ["google", "github"]) await link(world, ada, provider, world.person(provider));
    await ada.post("/link-social", { provider: "google", idToken: { token: await world.idToken("google", world.person("google")) } });
    await world.rows();
  },

  "an account of one's own is renewed by linking no more": async (world) => {
    const ada = await friend(world, "google");
    await link(world, ada, "google", ada.person);
    await ada.post("/link-social", { provider: "google", idToken: { token: await world.idToken("google", ada.person) } });
    await world.rows();
  },
};
