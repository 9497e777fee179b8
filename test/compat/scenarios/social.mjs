// Signing in with an identity provider, from the button to the session.

import { each, friend, having, signIn, without } from "../lib/social.mjs";

export const profile = "social";

const password = "correct horse battery";

export const scenarios = {
  ...each("a new person signs up", async (world, provider) => {
    const ada = world.browser();
    await signIn(world, ada, provider, world.person(provider));
    await ada.client.getSession();
    await ada.client.listAccounts();
    await world.rows();
    await world.mails();
    world.asked();
  }),

  ...each("somebody known signs in", async (world, provider) => {
    const ada = await friend(world, provider);
    const phone = world.browser();
    await signIn(world, phone, provider, ada.person);
    await phone.client.getSession();
    await world.rows();
  }),

  "a new person goes to newUserCallbackURL and later to callbackURL": async (world) => {
    const person = world.person("google");
    for (let time = 0; time < 2; time++) {
      await signIn(world, world.browser(), "google", person, { body: { callbackURL: "/app?tab=1#top", newUserCallbackURL: "/welcome?step=1#a" } });
    }
    await signIn(world, world.browser(), "google", world.person("google", "grace"), { body: { newUserCallbackURL: undefined } });
    await signIn(world, world.browser(), "google", world.person("google", "hedy"), { body: { newUserCallbackURL: "", callbackURL: "" } });
  },

  "callbackURL may be an absolute address of a trusted place": async (world) => {
    const person = world.person("google");
    for (const callbackURL of ["http://localhost:3000/x?y=z#f", "https://app.example.test", "https://a.wild.test/in", "/a%20b?c=%C3%A9"]) {
      await signIn(world, world.browser(), "google", person, { body: { callbackURL, newUserCallbackURL: callbackURL } });
    }
  },

  "what the provider says of a known person changes nothing here": async (world) => {
    const ada = await friend(world, "google");
    const others = { name: "Countess", email: world.address("countess"), image: "https://lh3.googleusercontent.com/a/new" };
    await signIn(world, world.browser(), "google", world.person("google", "ada", others));
    await ada.client.getSession();
    await world.rows();
  },

  "tokens are kept anew at each sign-in, scopes are not": async (world) => {
    const ada = await friend(world, "google");
    await signIn(world, world.browser(), "google", ada.person, { body: { scopes: ["https://www.googleapis.com/auth/calendar"] } });
    await ada.client.listAccounts();
    await world.rows();
  },

  "a token that is not given again stays": async (world) => {
    const ada = await friend(world, "google");
    await signIn(world, world.browser(), "google", ada.person, { token: without("refresh_token", "expires_in", "scope") });
    await world.rows();
  },

  "an address that the provider has not verified gets a mail and a session": async (world) => {
    for (const provider of ["google", "microsoft", "discord"]) {
      const person = world.person(provider, provider, { verified: false });
      const browser = world.browser();
      await signIn(world, browser, provider, person, { body: { callbackURL: "/app?x=1" } });
      await browser.client.getSession();
      await browser.open((await world.mail(person.email, "verify-email")).url);
    }
    await world.rows();
    await world.mails();
  },

  "an address verified at the provider later is verified here then": async (world) => {
    const ada = await friend(world, "google", "ada", { claims: having({ email_verified: false }) });
    await world.rows();
    await signIn(world, world.browser(), "google", ada.person);
    await ada.client.getSession();
    await world.rows();
  },

  "the address is stored in lower case": async (world) => {
    const email = world.address("ada").toUpperCase();
    await signIn(world, world.browser(), "google", world.person("google", "ada", { email }));
    await signIn(world, world.browser(), "google", world.person("google", "ada", { email }));
    await world.sql(`select 1`);
    await world.rows();
  },

  "two people of one provider are two users": async (world) => {
    const ada = await friend(world, "github");
    const grace = await friend(world, "github", "grace");
    await ada.client.getSession();
    await grace.client.getSession();
    await world.rows();
  },

  "signing in as somebody else replaces the session in this browser": async (world) => {
    const ada = await friend(world, "google");
    const before = ada.copy();
    await signIn(world, ada, "github", world.person("github", "grace"));
    await ada.client.getSession();
    await before.client.getSession();
    await world.rows();
  },

  "signing in undoes rememberMe false": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await signIn(world, kiosk, "google", world.person("google"));
    await kiosk.client.updateUser({ name: "Countess" });
    await world.rows();
  },

  "a session made so is like any other": async (world) => {
    const ada = await friend(world, "google");
    await ada.client.listSessions();
    await ada.client.updateUser({ name: "Countess" });
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.token}` } });
    await ada.post("/change-password", { currentPassword: password, newPassword: "another password" });
    await ada.post("/verify-password", { password });
    await ada.client.signOut();
    await ada.client.getSession();
    await world.rows();
  },

  "a person without password may set one by mail": async (world) => {
    const ada = await friend(world, "google");
    await world.post("/sign-in/email", { email: ada.email, password });
    await world.post("/request-password-reset", { email: ada.email, redirectTo: "/reset" });
    const { token } = await world.mail(ada.email, "reset-password");
    await world.post("/reset-password", { token, newPassword: password });
    await world.post("/sign-in/email", { email: ada.email, password });
    await world.rows();
  },

  "a person without password is deleted by mail": async (world) => {
    const ada = await friend(world, "google");
    await ada.post("/delete-user", { password });
    await ada.client.deleteUser();
    await ada.open((await world.mail(ada.email, "delete-user")).url);
    await world.rows();
    await signIn(world, world.browser(), "google", ada.person);
    await world.rows();
  },

  "one of two simultaneous sign-ups makes the user": async (world) => {
    const person = world.person("google");
    const answers = await world.quietly(() => Promise.all([1, 2].map(() => signIn(world, world.browser(), "google", person))));
    // Which of the two is later, or whether the second only meets the finished row, is chance.
    world.note("nobody got a fault", answers.every(({ status }) => status === 302));
    world.note("users", (await world.sql(`select count(*)::int from "user" where email = $1`, person.email))[0]);
  },
};
