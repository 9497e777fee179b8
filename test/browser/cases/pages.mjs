// The hosted pages, in front of the demo of "postern dev": with scripts and without, narrow and wide, light and dark, in both languages.

import assert from "node:assert/strict";
import { fits, isAccessible, isLight } from "../lib/axe.mjs";
import { linkFromMailbox as linkFrom } from "../lib/letters.mjs";

/** Somebody at a browser of that kind, who can be asked what they see. */
async function visitor(world, name, options) {
  const person = await world.visitor(name, options);
  const scripts = options.javaScriptEnabled !== false;
  person.looks = async (what) => {
    if (scripts) {
      await isAccessible(person.page);
      await fits(person.page);
      await isLight(person.page);
    }
    await person.shows(what, { fullPage: true });
  };
  person.isAtPath = (path) => person.page.waitForURL((url) => url.pathname === path);
  person.heading = (text) => person.page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
  person.entersAt = async (password, returnTo = "/api/me") => {
    await person.opens(`/auth/sign-in?return_to=${encodeURIComponent(returnTo)}`);
    await person.fills({ "E-mail address": person.email, Password: password });
    await person.presses("Sign in");
    await person.isAtPath(returnTo);
  };
  person.apiStatus = async () => (await person.context.request.get(`${world.stack.postern}/api/me`)).status();
  person.stream = () => openStream(person);
  return person;
}

/** A stream of the application, opened with the browser's cookies; it resolves once the stream has begun, to a promise of its end. */
async function openStream({ context, world }) {
  const cookie = (await context.cookies(world.stack.postern)).map(({ name, value }) => `${name}=${value}`).join("; ");
  const response = await fetch(`${world.stack.postern}/stream`, { headers: { cookie } });
  assert.equal(response.status, 200);
  const reader = response.body.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /still here/);
  const end = async () => {
    for (;;) {
      try {
        if ((await reader.read()).done) return;
      } catch {
        return; // cut off
      }
    }
  };
  return { ended: end() };
}

/** Waits for a promise that must be kept within a while. */
async function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within 20 seconds`)), 20_000); });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The whole life of an account, by the pages alone. */
const life = (options) => async (world) => {
  const scripts = options.javaScriptEnabled !== false;
  const ada = await visitor(world, "ada", options);
  const named = ada.name;

  await ada.opens("/auth/sign-in?return_to=/api/me");
  await ada.heading("Sign in");
  await ada.looks("sign-in");
  await ada.follows("Create an account");
  await ada.heading("Create an account");
  if (scripts) {
    const rule = ada.page.getByText("At least 8 characters");
    await ada.fills({ Password: "1234567" });
    assert.equal(await rule.getAttribute("class"), "hint");
    await ada.fills({ Password: "12345678" });
    assert.equal(await rule.getAttribute("class"), "hint met");
    await ada.presses("Show password");
    assert.equal(await ada.page.getByLabel("Password", { exact: true }).getAttribute("type"), "text");
  }
  await ada.fills({ Name: named, "E-mail address": ada.email, Password: ada.password });
  await ada.looks("sign-up");
  await ada.presses("Create account");
  await ada.heading("Check your mail");
  await ada.looks("check-mail");
  await ada.page.goto(await linkFrom(ada, "Confirm your e-mail address"));
  await ada.heading("Address confirmed");
  await ada.looks("verify");
  await ada.follows("Continue");
  await ada.isAtPath("/api/me");
  await ada.page.getByText(ada.email).waitFor();

  // Another browser, and the end of it.
  const other = await visitor(world, "ada", options);
  Object.assign(other, { name: ada.name, email: ada.email, password: ada.password });
  await other.opens("/auth/sign-in");
  await other.fills({ "E-mail address": ada.email, Password: "not the password" });
  await other.presses("Sign in");
  await other.page.getByText("The address or the password is wrong.").waitFor();
  await other.looks("wrong-password");
  await other.entersAt(ada.password);
  assert.equal(await other.apiStatus(), 200);
  await ada.opens("/auth/account");
  await ada.heading("Your account");
  await ada.looks("account");
  const { ended } = await other.stream();
  const devices = ada.page.getByRole("region", { name: "Devices" });
  await devices.getByText(/^Munich, Germany · 127\.0\.0\.1 · last used/).first().waitFor();
  assert.equal(await devices.getByRole("listitem").count(), 2);
  await devices.getByRole("button", { name: /^Sign out Chrom/ }).or(devices.getByRole("button", { name: /^Sign out Headless/ })).first().click();
  await ada.page.getByText("The device is signed out.").waitFor();
  assert.equal(await other.apiStatus(), 401);
  await soon(ended, "the other browser's stream ends with its session");
  assert.equal(await ada.apiStatus(), 200);

  // What people are called is theirs to say.
  const hostile = `<script>alert(1)</script> \u202eadA 👩‍💻`;
  await ada.fills({ Name: hostile });
  await ada.presses("Save");
  await ada.page.getByText("Saved.").waitFor();
  await ada.page.getByText(hostile).first().waitFor();
  await ada.looks("hostile-name");

  // Out, and not back by the browser's button.
  await ada.page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await ada.heading("Signed out");
  await ada.looks("signed-out");
  await ada.page.goBack();
  await ada.heading("Sign in");
  assert.equal(await ada.apiStatus(), 401);

  // A new password.
  await ada.opens("/auth/sign-in?return_to=/api/me");
  await ada.follows("Forgot password?");
  await ada.heading("Forgot your password?");
  await ada.looks("forgot");
  await ada.fills({ "E-mail address": ada.email });
  await ada.presses("Send link");
  await ada.heading("Check your mail");
  await ada.page.goto(await linkFrom(ada, "Reset your password"));
  await ada.heading("Set a new password");
  assert.doesNotMatch(ada.page.url(), /token/);
  await ada.looks("reset");
  await ada.fills({ "New password": "another password" });
  await ada.presses("Set password");
  await ada.page.getByText("Your new password is set.").waitFor();
  await ada.fills({ "E-mail address": ada.email, Password: "another password" });
  await ada.presses("Sign in");
  await ada.isAtPath("/api/me");

  // The end.
  await ada.opens("/auth/account");
  await ada.follows("Delete account …");
  await ada.heading("Delete account");
  await ada.presses("Send the letter");
  await ada.page.getByText("We have sent you a letter.").waitFor();
  await ada.page.goto(await linkFrom(ada, "Confirm the deletion of your account"));
  await ada.heading("Delete account");
  await ada.looks("delete");
  await ada.presses("Delete my account");
  await ada.page.getByText("Your account is deleted.").waitFor();
  assert.equal(await ada.apiStatus(), 401);
  await ada.opens("/auth/sign-in");
  await ada.fills({ "E-mail address": ada.email, Password: "another password" });
  await ada.presses("Sign in");
  await ada.page.getByText("The address or the password is wrong.").waitFor();
};

/** Signs up and follows the letter, and so is signed in. */
async function signsUp(person) {
  await person.opens("/auth/sign-up");
  await person.fills({ Name: person.name, "E-mail address": person.email, Password: person.password });
  await person.presses("Create account");
  await person.heading("Check your mail");
  await person.page.goto(await linkFrom(person, "Confirm your e-mail address"));
  await person.heading("Address confirmed");
}

const wide = { viewport: { width: 1280, height: 900 } };
const narrow = { viewport: { width: 360, height: 740 } };

export const cases = {
  "an account's life, wide": life({ ...wide, colorScheme: "light" }),
  "an account's life, narrow and dark": life({ ...narrow, colorScheme: "dark" }),
  "an account's life, without scripts": life({ ...narrow, javaScriptEnabled: false }),
  "an account's life, wide and without scripts": life({ ...wide, javaScriptEnabled: false }),

  "sign-in by a provider, and its link taken away": async (world) => {
    const grace = await visitor(world, "grace", wide);
    await grace.opens("/auth/sign-in?return_to=/api/me");
    await grace.presses("Continue with dev provider");
    await grace.page.getByRole("heading", { name: "Who do you want to be?" }).waitFor();
    await grace.fills({ Name: grace.name, "E-mail": grace.email });
    await grace.page.getByRole("checkbox", { name: "The address is verified" }).check();
    await grace.shows("provider");
    await grace.presses("Sign in");
    await grace.isAtPath("/api/me");
    await grace.page.getByText(grace.email).waitFor();
    await grace.opens("/auth/account");
    await grace.page.getByRole("region", { name: "Linked accounts" }).getByText("dev provider").waitFor();
    await grace.looks("account");
    await grace.presses("Send a link to set one");
    await grace.page.goto(await linkFrom(grace, "Reset your password"));
    await grace.fills({ "New password": grace.password });
    await grace.presses("Set password");
    await grace.fills({ "E-mail address": grace.email, Password: grace.password });
    await grace.presses("Sign in");
    await grace.isAtPath("/auth/account");
    await grace.presses("Unlink dev provider");
    await grace.page.getByText("The account is not linked any more.").waitFor();
    await grace.presses("Link dev provider");
    await grace.fills({ Name: grace.name, "E-mail": grace.email });
    await grace.page.getByRole("checkbox", { name: "The address is verified" }).check();
    await grace.presses("Sign in");
    await grace.isAtPath("/auth/account");
    await grace.page.getByRole("button", { name: "Unlink dev provider" }).waitFor();

    await grace.page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
    await grace.opens("/auth/sign-in");
    await grace.presses("Continue with dev provider");
    await grace.presses("Say no");
    await grace.page.getByText("You have not let the provider tell us").waitFor();
    await grace.looks("said-no");
  },

  "all by keyboard": async (world) => {
    const ada = await visitor(world, "ada", wide);
    await ada.opens("/auth/sign-up?return_to=/");
    const focused = () => ada.page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.name);
    await ada.page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to content");
    await ada.page.getByLabel("Name", { exact: true }).focus();
    for (const [field, text] of [["name", ada.name], ["email", ada.email], ["password", ada.password]]) {
      assert.equal(await focused(), field);
      await ada.page.keyboard.type(text);
      await ada.page.keyboard.press("Tab");
    }
    assert.equal(await focused(), "Show");
    await ada.page.keyboard.press("Tab");
    assert.equal(await focused(), "Create account");
    await ada.page.keyboard.press("Enter");
    await ada.heading("Check your mail");

    // Who is told of a problem is there at once.
    await ada.opens("/auth/sign-in");
    await ada.fills({ "E-mail address": ada.email, Password: "wrong password" });
    await ada.page.keyboard.press("Enter");
    await ada.page.getByRole("alert").waitFor();
    assert.match(await focused(), /^The address or the password is wrong/);
  },

  "a second click does nothing": async (world) => {
    const ada = await visitor(world, "ada", wide);
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, "E-mail address": ada.email, Password: ada.password });
    let posts = 0;
    ada.page.on("request", (request) => { if (request.method() === "POST") posts++; });
    await ada.page.getByRole("button", { name: "Create account" }).dblclick();
    await ada.heading("Check your mail");
    assert.equal(posts, 1);
  },

  "a browser without cookies is told": async (world) => {
    const ada = await visitor(world, "ada", wide);
    await ada.opens("/auth/sign-in");
    await ada.context.clearCookies();
    await ada.fills({ "E-mail address": ada.email, Password: ada.password });
    await ada.presses("Sign in");
    await ada.page.getByText("did not send back our cookie").waitFor();
    await ada.looks("no-cookies");
  },

  "errors of the proxy are pages": async (world) => {
    const ada = await visitor(world, "ada", narrow);
    for (const [path, status, heading] of [["/nobody", 502, "The application does not answer"], ["/sealed", 401, "Please sign in"]]) {
      const response = await ada.page.goto(world.stack.postern + path);
      assert.equal(response.status(), status);
      await ada.heading(heading);
      await ada.page.getByText(response.headers()["x-request-id"]).waitFor();
      await ada.looks(heading);
      const program = await ada.context.request.get(world.stack.postern + path);
      assert.equal(program.headers()["content-type"], "application/json");
    }
    await ada.follows("Sign in");
    await ada.heading("Sign in");
    assert.equal(new URL(ada.page.url()).searchParams.get("return_to"), "/sealed");
    await signsUp(ada);
    assert.equal((await ada.page.goto(`${world.stack.postern}/staff`)).status(), 403);
    await ada.heading("You may not see this");
    await ada.looks("forbidden");
    await ada.follows("Use another account");
    await ada.heading("Sign out");
  },

  "a new device is told of, and disavowed without scripts": async (world) => {
    const ada = await visitor(world, "ada", { ...narrow, javaScriptEnabled: false });
    await signsUp(ada);
    const thief = await visitor(world, "ada", { ...narrow, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1" });
    Object.assign(thief, { name: ada.name, email: ada.email, password: ada.password });
    await thief.entersAt(ada.password);
    const { ended } = await thief.stream();
    await ada.page.goto(await linkFrom(ada, "New sign-in to your account"));
    await ada.heading("Was this not you?");
    assert.doesNotMatch(ada.page.url(), /token/);
    assert.equal(await thief.apiStatus(), 200);
    await ada.shows("not-me", { fullPage: true });
    await ada.presses("Sign out all devices");
    await ada.page.getByText("your password works no more").waitFor();
    await ada.shows("disavowed", { fullPage: true });
    assert.equal(await thief.apiStatus(), 401);
    assert.equal(await ada.apiStatus(), 401);
    await soon(ended, "the thief's stream ends");
    await thief.opens("/auth/sign-in");
    await thief.fills({ "E-mail address": ada.email, Password: ada.password });
    await thief.presses("Sign in");
    await thief.page.getByText("The address or the password is wrong.").waitFor();
    await ada.page.goto(await linkFrom(ada, "Reset your password"));
    await ada.fills({ "New password": "another password" });
    await ada.presses("Set password");
    await ada.entersAt("another password");
  },

  "the back button after signing out shows nothing of the account": async (world) => {
    const ada = await visitor(world, "ada", wide);
    await signsUp(ada);
    await ada.opens("/auth/account");
    await ada.heading("Your account");
    await ada.page.evaluate(() => { globalThis.kept = true; }); // would still be there if the page came back from memory
    await ada.page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
    await ada.heading("Signed out");
    await ada.page.goBack();
    await ada.heading("Sign in");
    assert.equal(await ada.page.evaluate(() => globalThis.kept), undefined);
    await ada.seesNothingOf(ada.email);
    await ada.page.goForward();
    await ada.heading("Signed out");
  },

  "in German, narrow and dark": async (world) => {
    const ada = await visitor(world, "ada", { ...narrow, locale: "de-DE", colorScheme: "dark" });
    for (const [path, heading] of [
      ["/auth/sign-in", "Anmelden"], ["/auth/sign-up", "Konto anlegen"], ["/auth/forgot", "Passwort vergessen?"], ["/auth/check-mail", "Sehen Sie in Ihr Postfach"],
      ["/auth/reset", "Neues Passwort"], ["/auth/signed-out", "Abgemeldet"], ["/auth/sign-out", "Abmelden"], ["/auth/verify?error=TOKEN_EXPIRED", "Dieser Link hat nicht funktioniert"],
      ["/auth/nothing", "Das hat nicht funktioniert"], ["/auth/not-me", "Waren Sie das nicht?"], ["/auth/not-me?token=abc", "Waren Sie das nicht?"],
    ]) {
      await ada.opens(path);
      await ada.heading(heading);
      await ada.looks(heading);
    }
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, "E-Mail-Adresse": ada.email, Passwort: ada.password });
    await ada.presses("Konto anlegen");
    await ada.page.goto(await linkFrom(ada, "Bestätigen Sie Ihre E-Mail-Adresse"));
    await ada.heading("Adresse bestätigt");
    await ada.follows("Weiter");
    await ada.opens("/auth/account");
    await ada.heading("Ihr Konto");
    await ada.looks("Ihr Konto");
  },
};
