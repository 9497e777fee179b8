// Links mailed by one server and opened at the other.

import assert from "node:assert/strict";
import { untilTrue } from "../lib/patience.mjs";

const sessionOf = async (browser) => (await browser.client.getSession()).data;

export const scenarios = {
  "a verification link works": async ({ here, there }) => {
    const ada = await here.stranger();
    const browser = there.browser();
    const opened = await browser.open((await here.mail(ada.email, "verify-email")).url);
    assert.equal(opened.status, 302);
    assert.equal((await sessionOf(browser)).user.emailVerified, true);
    const signedIn = await here.post("/sign-in/email", { email: ada.email, password: ada.password });
    assert.equal(signedIn.status, 200);
  },

  "a link to change the address works": async ({ here, there }) => {
    const ada = await here.member();
    const to = here.address("countess");
    await ada.client.changeEmail({ newEmail: to, callbackURL: "/settings" });
    const { url } = await here.mail(to, "change-email-verification");
    assert.equal((await there.browser().open(url)).status, 302);
    await untilTrue("changed", async () => (await sessionOf(ada)).user.email === to);
    assert.match((await here.browser().open(url)).headers.find(([name]) => name === "location")[1], /error=INVALID_TOKEN/);
  },

  "a link to delete the account works": async ({ here, there }) => {
    const ada = await here.member();
    await ada.client.deleteUser({ callbackURL: "/bye" });
    const { url } = await here.mail(ada.email, "delete-user");
    const opened = await there.get(new URL(url).pathname + new URL(url).search, { cookie: ada.jar.header() });
    assert.equal(opened.status, 302);
    assert.equal(await here.userID(ada.email), undefined);
    await untilTrue("signed out", async () => (await sessionOf(ada)) === null);
  },
};
