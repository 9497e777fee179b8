// The provider's tokens for the user's own use: get-access-token and refresh-token.

import { failure, page, raw } from "../providers/answers.mjs";
import { accountOf, friend, having, signIn, without } from "../lib/social.mjs";

export const profile = "social";

/** Somebody with an account, and the id of its row. */
async function owner(world, provider, changes) {
  const ada = await friend(world, provider, "ada", changes);
  const { id } = await accountOf(world, ada, provider);
  return { ada, id };
}

const expiring = (world, id, seconds) => world.sql(`update account set "accessTokenExpiresAt" = now() + make_interval(secs => $2) where id = $1`, id, seconds);

const accountRows = async (world, id) => world.note("account", await world.sql(`select * from account where id = $1`, id));

export const scenarios = {
  "an access token that is good is told as it is": async (world) => {
    for (const provider of ["google", "github", "microsoft", "discord", "apple", "acme"]) {
      const ada = await friend(world, provider, provider);
      const { id } = await accountOf(world, ada, provider);
      await ada.client.getAccessToken({ accountId: id });
      await accountRows(world, id);
    }
    world.asked();
  },

  "an access token that is about to expire is renewed": async (world) => {
    const { ada, id } = await owner(world, "google");
    for (const seconds of [3, -3600, 20]) {
      await expiring(world, id, seconds);
      await ada.client.getAccessToken({ accountId: id });
      await accountRows(world, id);
    }
    world.asked();
  },

  "each provider renews": async (world) => {
    for (const provider of ["google", "microsoft", "discord", "apple", "acme"]) {
      const ada = await friend(world, provider, provider);
      const { id } = await accountOf(world, ada, provider);
      await ada.client.refreshToken({ accountId: id });
      await accountRows(world, id);
    }
    world.asked();
  },

  "a renewal may bring a new refresh token and a new ID token": async (world) => {
    const { ada, id } = await owner(world, "google", { rotates: true, claims: having({ hd: "people.test" }) });
    for (let time = 0; time < 2; time++) {
      await ada.client.refreshToken({ accountId: id });
      await accountRows(world, id);
    }
    await expiring(world, id, 0);
    await ada.client.getAccessToken({ accountId: id });
    await accountRows(world, id);
  },

  "a renewal may tell less": async (world) => {
    const answers = [without("id_token"), without("scope"), without("expires_in"), having({ scope: "email" }), having({ refresh_token_expires_in: 604800 }), having({ refresh_token: "" })];
    for (const [index, refresh] of answers.entries()) {
      const ada = await friend(world, "google", `p${index}`, { refresh });
      const { id } = await accountOf(world, ada, "google");
      await ada.client.refreshToken({ accountId: id });
      await expiring(world, id, 0);
      await ada.client.getAccessToken({ accountId: id });
      await accountRows(world, id);
    }
  },

  "a renewal that fails is told without details": async (world) => {
    const answers = [failure(400, { error: "invalid_grant" }), failure(401, { error: "invalid_client" }), page(), page(503), {}, { access_token: "" }, { access_token: 1 }, raw(200, "{", "application/json"), raw(302, "", "text/plain", { location: "/" })];
    for (const [index, answer] of answers.entries()) {
      const ada = await friend(world, "google", `p${index}`, { refresh: () => answer });
      const { id } = await accountOf(world, ada, "google");
      await ada.client.refreshToken({ accountId: id });
      await expiring(world, id, 0);
      await ada.client.getAccessToken({ accountId: id });
      await accountRows(world, id);
    }
  },

  "without a refresh token nothing is renewed": async (world) => {
    const { ada, id } = await owner(world, "google", { token: without("refresh_token") });
    await ada.client.refreshToken({ accountId: id });
    await expiring(world, id, -60);
    await ada.client.getAccessToken({ accountId: id });
    const grace = await friend(world, "github", "grace");
    const { id: other } = await accountOf(world, grace, "github");
    await grace.client.refreshToken({ accountId: other });
    await grace.client.getAccessToken({ accountId: other });
    world.asked();
  },

  "github's expiring tokens are renewed": async (world) => {
    const expiring = having({ expires_in: 28800, refresh_token: undefined });
    const { ada, id } = await owner(world, "github", { token: expiring });
    await world.sql(`update account set "refreshToken" = 'gone' where id = $1`, id);
    await ada.client.refreshToken({ accountId: id });
    await accountRows(world, id);
  },

  "an account without any token": async (world) => {
    const { ada, id } = await owner(world, "google");
    await world.sql(`update account set "accessToken" = null, "refreshToken" = null, "idToken" = null, "accessTokenExpiresAt" = null, scope = null where id = $1`, id);
    await ada.client.getAccessToken({ accountId: id });
    await ada.client.refreshToken({ accountId: id });
    await ada.client.accountInfo({ query: { accountId: id } });
  },

  "scopes are told as a list": async (world) => {
    const { ada, id } = await owner(world, "google");
    for (const scope of ["", "a", "a,b", " a , ,b,", "a b"]) {
      await world.sql(`update account set scope = $2 where id = $1`, id, scope);
      await ada.client.getAccessToken({ accountId: id });
      await ada.client.refreshToken({ accountId: id });
      await ada.client.listAccounts();
    }
  },

  // D60
  "somebody else's tokens are not told": async (world) => {
    const { ada, id } = await owner(world, "google");
    const eve = await friend(world, "google", "eve");
    const userId = await world.userID(ada.email);
    for (const path of ["/get-access-token", "/refresh-token"]) {
      await eve.post(path, { accountId: id });
      await eve.post(path, { accountId: id, userId });
      await world.post(path, { accountId: id, userId });
      await world.post(path, { accountId: id, userId }, { headers: { authorization: "Bearer unknown" } });
    }
    await eve.get(`/account-info?accountId=${id}&userId=${userId}`);
    await world.get(`/account-info?accountId=${id}&userId=${userId}`);
    await accountRows(world, id);
    world.asked();
  },

  "the session's user goes before the named one": async (world) => {
    const { ada, id } = await owner(world, "google");
    await ada.post("/get-access-token", { accountId: id, userId: "somebody else" });
    await ada.post("/refresh-token", { accountId: id, userId: "somebody else" });
    await ada.get(`/account-info?accountId=${id}&userId=somebody`);
  },

  "an account is named by its row": async (world) => {
    const { ada, id } = await owner(world, "google");
    for (const body of [{ accountId: ada.person.subject }, { providerId: "google" }, { providerId: "google", accountId: id }, { accountId: id, useAccountCookie: true }, { useAccountCookie: true }, { useAccountCookie: false }, { useAccountCookie: "true" }, { accountId: "" }, { accountId: null }]) {
      await ada.post("/get-access-token", body);
      await ada.post("/refresh-token", body);
    }
  },

  "an account of a provider that is no longer configured": async (world) => {
    const { ada, id } = await owner(world, "google");
    await world.sql(`update account set "providerId" = 'facebook' where id = $1`, id);
    await ada.client.getAccessToken({ accountId: id });
    await ada.client.refreshToken({ accountId: id });
    await ada.client.accountInfo({ query: { accountId: id } });
    await ada.client.listAccounts();
  },

  "a bearer client gets them": async (world) => {
    const { ada, id } = await owner(world, "google");
    const headers = { authorization: `Bearer ${ada.token}` };
    await world.post("/get-access-token", { accountId: id }, { headers });
    await world.post("/refresh-token", { accountId: id }, { headers });
    await world.get(`/account-info?accountId=${id}`, { headers });
  },

  "a session that is due is renewed beside": async (world) => {
    const { ada, id } = await owner(world, "google");
    const requests = [() => ada.post("/get-access-token", { accountId: id }), () => ada.post("/refresh-token", { accountId: id }), () => ada.get(`/account-info?accountId=${id}`)];
    for (const request of requests) {
      await world.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
      await request();
    }
    await world.sql(`update session set "expiresAt" = now() - interval '1 day' where token = $1`, ada.token);
    for (const request of requests) await request();
  },

  "a token that was renewed signs the person in still": async (world) => {
    const { ada, id } = await owner(world, "google", { rotates: true });
    await ada.client.refreshToken({ accountId: id });
    await signIn(world, world.browser(), "google", ada.person);
    await accountRows(world, id);
  },
};
