// The pages for administrators: an account that was made at the command line sets a password, and looks after the others.

import assert from "node:assert/strict";
import { fits, isAccessible, isLight } from "../lib/axe.mjs";
import { linkFromMailbox } from "../lib/letters.mjs";

const widths = { narrow: { width: 360, height: 780 }, wide: { width: 1280, height: 900 } };

async function visitor(world, name, options) {
  const person = await world.visitor(name, options);
  person.looks = async (what) => {
    if (options.javaScriptEnabled !== false) {
      await isAccessible(person.page);
      await fits(person.page);
      await isLight(person.page);
    }
    await person.shows(what, { fullPage: true });
  };
  person.isAtPath = (path) => person.page.waitForURL((url) => url.pathname === path);
  person.signsIn = async (returnTo) => {
    await person.opens(`/auth/sign-in?return_to=${encodeURIComponent(returnTo)}`);
    await person.fills({ "E-mail address": person.email, Password: person.password });
    await person.presses("Sign in");
    await person.isAtPath(returnTo);
  };
  return person;
}

/** The operator has an account without a password, made before the server was started. */
async function operator(world, who, options) {
  const root = Object.assign(await visitor(world, "root", options), { email: `${who}@example.test` });
  await root.opens("/auth/forgot");
  await root.fills({ "E-mail address": root.email });
  await root.presses("Send link");
  await root.isAtPath("/auth/check-mail");
  await root.page.goto(await linkFromMailbox(root, "Reset your password"));
  await root.fills({ "New password": root.password });
  await root.presses("Set password");
  await root.isAtPath("/auth/sign-in");
  await root.signsIn("/auth/admin");
  return root;
}

const day = (who, size, options = {}) => async (world) => {
  const root = await operator(world, who, { viewport: widths[size], ...options });
  const main = root.page.getByRole("main");
  const notice = (text) => main.getByText(text, { exact: true }).waitFor();
  await root.looks("users");

  await root.follows("New user");
  const ada = Object.assign(await visitor(world, "ada", { viewport: widths[size], ...options }), { name: "Ada Lovelace" });
  await root.fills({ Name: ada.name, "E-mail address": ada.email, Password: ada.password });
  await root.page.getByLabel("The address is known to be theirs").check();
  await root.looks("new-user");
  await root.presses("Create user");
  await notice("The user is created.");

  await ada.signsIn("/auth/account");
  await root.opens(`/auth/admin?q=${encodeURIComponent(ada.email)}`);
  await root.follows(ada.name);
  await main.getByRole("heading", { name: "Sessions" }).waitFor();
  await root.looks("user");

  await root.fills({ Role: "support, user" });
  await root.presses("Save", main.getByRole("region", { name: "Roles" }));
  await notice("The roles are changed.");

  // For a while they are somebody else, and are told so.
  await root.presses("Impersonate");
  await root.isAtPath("/auth/account");
  await root.page.getByText("You see the application as").waitFor();
  await root.looks("impersonating");
  await root.presses("Be yourself again");
  await root.isAtPath("/auth/admin");
  await notice("You are yourself again.");

  await root.opens(`/auth/admin?q=${encodeURIComponent(ada.email)}`);
  await root.follows(ada.name);
  await root.fills({ Reason: "Spam" });
  await root.page.getByLabel("For how long").selectOption("One week");
  await root.presses("Ban user");
  await notice("The user is banned and signed out.");
  await root.looks("banned");
  await ada.opens("/auth/account");
  await ada.isAtPath("/auth/sign-in");

  await root.page.getByRole("navigation").getByRole("link", { name: "Events" }).click();
  await root.page.getByLabel("User (address or id)").fill(ada.email);
  await root.presses("Search");
  await main.getByText("Banned", { exact: false }).first().waitFor();
  await root.looks("events");

  await root.page.getByRole("navigation").getByRole("link", { name: "Health" }).click();
  await main.getByText("It answers").waitFor();
  await root.looks("health");

  await root.opens(`/auth/admin?q=${encodeURIComponent(ada.email)}`);
  await root.follows(ada.name);
  await root.page.getByLabel("I am sure").check();
  await root.presses("Delete user");
  await notice("The user is deleted.");
  await root.opens(`/auth/admin?q=${encodeURIComponent(ada.email)}`);
  await notice("Nobody was found.");
  assert.equal((await ada.page.context().request.get(`${world.stack.postern}/api/auth/get-session`)).status(), 200);
};

export const cases = {
  "an administrator's day on a phone": day("phone", "narrow"),
  "an administrator's day at a desk without scripts": day("desk", "wide", { javaScriptEnabled: false, reducedMotion: "reduce" }),
  "an administrator's day in the dark": day("dark", "wide", { colorScheme: "dark" }),
};
