// An account that is not known meets an address that is: who may become whom.

import { friend, having, signIn } from "../lib/social.mjs";

export const profile = "social";

const password = "correct horse battery";

export const scenarios = {
  "a verified address at both ends is one person": async (world) => {
    for (const provider of ["github", "google", "apple", "microsoft", "discord", "acme"]) {
      const ada = await world.member(provider);
      const browser = world.browser();
      await signIn(world, browser, provider, world.person(provider, provider, { name: "Somebody Else" }));
      await browser.client.getSession();
      await browser.client.listAccounts();
      await ada.client.getSession();
    }
    await world.rows();
    await world.mails();
  },

  "a linked account signs in from then on, and so does the password": async (world) => {
    const ada = await world.member();
    for (let time = 0; time < 2; time++) await signIn(world, world.browser(), "github", world.person("github"));
    await world.post("/sign-in/email", { email: ada.email, password });
    await world.rows();
  },

  "addresses meet in any case": async (world) => {
    const ada = await world.member();
    await signIn(world, world.browser(), "github", world.person("github", "ada", { email: ada.email.toUpperCase() }));
    await world.rows();
  },

  "an address that the provider has not verified is nobody's, unless the provider is trusted": async (world) => {
    await world.member();
    for (const provider of ["github", "discord", "apple", "microsoft", "acme", "google"]) {
      await signIn(world, world.browser(), provider, world.person(provider, "ada", { verified: false }));
    }
    await world.rows();
  },

  // D38: whoever registered the address first, without proving it, must not share it with its owner.
  "an address that was never verified here is not shared": async (world) => {
    const eve = await world.stranger();
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      const owner = world.browser();
      await signIn(world, owner, provider, world.person(provider));
      await owner.client.getSession();
    }
    await world.post("/sign-in/email", { email: eve.email, password });
    await world.rows();
    await world.mails();
  },

  "once it is verified the owner comes in": async (world) => {
    const ada = await world.stranger();
    await signIn(world, world.browser(), "github", world.person("github"));
    await ada.open((await world.mail(ada.email, "verify-email")).url);
    await signIn(world, world.browser(), "github", world.person("github"));
    await world.rows();
  },

  "a person may come from several providers": async (world) => {
    const ada = await friend(world, "google");
    for (const provider of ["github", "apple", "microsoft", "discord", "acme"]) await signIn(world, world.browser(), provider, world.person(provider));
    await ada.client.listAccounts();
    await world.rows();
  },

  "a second account of one provider joins under the same address": async (world) => {
    const ada = await friend(world, "google");
    await signIn(world, world.browser(), "google", world.person("google", "ada", { subject: world.person("google", "other").subject }));
    await ada.client.listAccounts();
    await world.rows();
  },

  "an account stays with its user, whatever address it has by now": async (world) => {
    const ada = await friend(world, "google");
    const grace = await world.member("grace");
    const browser = world.browser();
    await signIn(world, browser, "google", ada.person, { claims: having({ email: grace.email }) });
    await browser.client.getSession();
    await world.rows();
  },

  "a new person is made only where nobody has the address": async (world) => {
    await friend(world, "google", "ada", { claims: having({ email_verified: false }) });
    const grace = world.browser();
    await signIn(world, grace, "github", world.person("github"));
    await grace.client.getSession();
    await world.rows();
  },

  "errors of identity go to the default error page without errorCallbackURL": async (world) => {
    await world.stranger();
    await signIn(world, world.browser(), "github", world.person("github"), { body: { errorCallbackURL: undefined } });
    await signIn(world, world.browser(), "github", world.person("github"), { body: { errorCallbackURL: "/oops?a=b#c" } });
  },

  "the same number at two providers is two accounts": async (world) => {
    const subject = world.person("github").subject;
    await signIn(world, world.browser(), "github", world.person("github", "ada"));
    await signIn(world, world.browser(), "discord", world.person("discord", "grace", { subject: `${subject}` }));
    await world.rows();
  },
};
