// Identity providers: flows, accounts and tokens of one server at the other.

import assert from "node:assert/strict";
import { untilTrue } from "../lib/patience.mjs";
import { accountOf, friend, signIn } from "../lib/social.mjs";
import { header } from "../lib/wire.mjs";

export const profile = "social";

const providers = ["google", "github", "acme"];

/** The same person and the same cookies at the other server. */
function at(world, browser) {
  const other = world.browser();
  for (const pair of (browser.jar.header() ?? "").split("; ").filter(Boolean)) {
    const split = pair.indexOf("=");
    other.jar.put(pair.slice(0, split), pair.slice(split + 1));
  }
  return Object.assign(other, { email: browser.email, person: browser.person });
}

const userOf = async (browser) => (await browser.client.getSession()).data?.user;

const locationOf = (exchange) => header(exchange, "location");

const each = (name, run) => Object.fromEntries(providers.map((provider) => [`${name} (${provider})`, (both) => run(both, provider)]));

export const scenarios = {
  ...each("somebody who signed up here signs in there", async ({ here, there }, provider) => {
    const ada = await friend(here, provider);
    const browser = there.browser();
    const back = await signIn(there, browser, provider, ada.person);
    assert.equal(locationOf(back), "/app", "known, not new");
    const { id } = await userOf(browser);
    assert.equal(id, await here.userID(ada.email));
    const [{ count }] = await here.sql(`select count(*)::int from account a join "user" u on u.id = a."userId" where u.email = $1`, ada.email);
    assert.equal(count, 1);
  }),

  ...each("a flow begun here is finished there", async ({ here, there }, provider) => {
    const ada = here.browser();
    const { data } = await ada.client.signIn.social({ provider, callbackURL: "/app", newUserCallbackURL: "/welcome", errorCallbackURL: "/oops" });
    const callback = await here.consent(data.url, here.person(provider));
    const finished = at(there, ada);
    assert.equal(locationOf(await finished.follow(callback)), "/welcome");
    assert.equal((await userOf(finished)).email, here.address("ada"));
    // Once only, whichever server is asked.
    for (const world of [here, there]) assert.match(locationOf(await at(world, ada).follow(callback)), /error=state_mismatch/);
  }),

  ...each("linking begun here is finished there", async ({ here, there }, provider) => {
    const ada = await here.member();
    const { data } = await ada.client.linkSocial({ provider, callbackURL: "/settings", errorCallbackURL: "/oops" });
    const callback = await here.consent(data.url, here.person(provider));
    assert.equal(locationOf(await at(there, ada).follow(callback)), "/settings");
    const { data: accounts } = await ada.client.listAccounts();
    assert.deepEqual(accounts.map(({ providerId }) => providerId).sort(), ["credential", provider].sort());
  }),

  "a link that was begun by a session which is over there is refused": async ({ here, there }) => {
    const ada = await here.member();
    const { data } = await ada.client.linkSocial({ provider: "github", callbackURL: "/settings", errorCallbackURL: "/oops" });
    const window = at(there, ada);
    const stale = at(here, ada);
    await window.post("/revoke-sessions");
    window.jar.put("better-auth.state", ada.jar.get("better-auth.state"));
    assert.match(locationOf(await window.follow(await here.consent(data.url, here.person("github")))), /error=unable_to_link_account/);
    await untilTrue("signed out", async () => (await userOf(stale)) === undefined);
  },

  "an account joined by its address is joined at both": async ({ here, there }) => {
    const ada = await here.member();
    await signIn(here, here.browser(), "github", here.person("github"));
    const browser = there.browser();
    await signIn(there, browser, "github", here.person("github"));
    assert.equal((await userOf(browser)).id, await here.userID(ada.email));
  },

  "an account taken off here is off there": async ({ here, there }) => {
    const ada = await here.member();
    const { data } = await ada.client.linkSocial({ provider: "github", callbackURL: "/settings" });
    await ada.follow(await here.consent(data.url, here.person("github")));
    const { id } = await accountOf(here, ada, "github");
    assert.equal((await ada.client.unlinkAccount({ accountId: id })).error, null);
    const elsewhere = at(there, ada);
    assert.deepEqual((await elsewhere.client.listAccounts()).data.map(({ providerId }) => providerId), ["credential"]);
    assert.equal((await elsewhere.client.getAccessToken({ accountId: id })).error.code, "ACCOUNT_NOT_FOUND");
  },

  "accounts are described alike": async ({ here, there }) => {
    const ada = await friend(here, "google");
    const elsewhere = at(there, ada);
    assert.deepEqual((await elsewhere.client.listAccounts()).data, (await ada.client.listAccounts()).data);
    const { id } = await accountOf(here, ada, "google");
    for (const ask of [(who) => who.client.getAccessToken({ accountId: id }), (who) => who.client.accountInfo({ query: { accountId: id } })]) {
      const [left, right] = [await ask(ada), await ask(elsewhere)];
      assert.equal(left.error, null);
      assert.deepEqual(right.data, left.data);
    }
  },

  "a token renewed here is known there": async ({ here, there }) => {
    const ada = await friend(here, "google", "ada", { rotates: true });
    const { id } = await accountOf(here, ada, "google");
    const elsewhere = at(there, ada);
    for (const [renewing, reading] of [[ada, elsewhere], [elsewhere, ada]]) {
      const { data: renewed } = await renewing.client.refreshToken({ accountId: id });
      const { data: read } = await reading.client.getAccessToken({ accountId: id });
      assert.equal(read.accessToken, renewed.accessToken);
    }
    assert.deepEqual(here.complaints(), []);
  },

  "an ID token signs in the same person": async ({ here, there }) => {
    const person = here.person("google");
    const token = await here.idToken("google", person);
    const show = async (world) => JSON.parse((await world.post("/sign-in/social", { provider: "google", idToken: { token } })).text).user.id;
    assert.equal(await show(there), await show(here));
  },
};
