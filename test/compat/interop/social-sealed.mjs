// Tokens that one server encrypts, and the account cookie it sets, at the other.

import assert from "node:assert/strict";
import { accountOf, friend, signIn } from "../lib/social.mjs";

export const profile = "socialOpen";

const cookieName = "better-auth.account_data";

function at(world, browser) {
  const other = world.browser();
  for (const pair of browser.jar.header().split("; ")) {
    const split = pair.indexOf("=");
    other.jar.put(pair.slice(0, split), pair.slice(split + 1));
  }
  return other;
}

const account = async (world, id) => (await world.sql(`select "accessToken", "refreshToken" from account where id = $1`, id))[0];

export const scenarios = {
  "an encrypted access token is read": async ({ here, there }) => {
    for (const provider of ["google", "github", "acme"]) {
      const ada = await friend(here, provider, provider);
      const { id } = await accountOf(here, ada, provider);
      const { accessToken } = await account(here, id);
      assert.match(accessToken, /^[0-9a-f]{144}$/, "sealed in the database");
      const [{ data: ours }, { data: theirs }] = [await ada.client.getAccessToken({ accountId: id }), await at(there, ada).client.getAccessToken({ accountId: id })];
      assert.match(ours.accessToken, /^[A-Za-z0-9]{32}$/);
      assert.equal(theirs.accessToken, ours.accessToken);
    }
  },

  "an encrypted refresh token is used": async ({ here, there }) => {
    const ada = await friend(here, "google", "ada", { rotates: true });
    const { id } = await accountOf(here, ada, "google");
    const before = await account(here, id);
    const { data, error } = await at(there, ada).client.refreshToken({ accountId: id });
    assert.equal(error, null);
    const after = await account(here, id);
    assert.notEqual(after.refreshToken, before.refreshToken);
    assert.match(after.refreshToken, /^[0-9a-f]{144}$/);
    assert.equal((await ada.client.getAccessToken({ accountId: id })).data.accessToken, data.accessToken);
    assert.equal((await ada.client.refreshToken({ accountId: id })).error, null);
    assert.deepEqual(here.complaints(), []);
  },

  "the account cookie is read": async ({ here, there }) => {
    const ada = await friend(here, "google");
    assert.ok(ada.jar.get(cookieName));
    const elsewhere = at(there, ada);
    const [ours, theirs] = [await ada.post("/get-access-token", { useAccountCookie: true }), await elsewhere.post("/get-access-token", { useAccountCookie: true })];
    assert.equal(ours.status, 200, ours.text);
    assert.deepEqual(JSON.parse(theirs.text), JSON.parse(ours.text));
    assert.equal((await elsewhere.post("/refresh-token", { useAccountCookie: true })).status, 200);
    // What the other server made of the cookie is good here again.
    assert.equal((await at(here, elsewhere).post("/get-access-token", { useAccountCookie: true })).status, 200);
  },

  "an account cookie in several pieces is read": async ({ here, there }) => {
    const ada = here.browser();
    const long = (claims) => ({ ...claims, long: Array.from({ length: 500 }, (_, index) => `role-${index}`).join(" ") });
    await signIn(here, ada, "google", here.person("google"), { claims: long });
    assert.ok(ada.jar.get(`${cookieName}.1`), "in pieces");
    const answer = await at(there, ada).post("/get-access-token", { useAccountCookie: true });
    assert.equal(answer.status, 200, answer.text);
  },
};
