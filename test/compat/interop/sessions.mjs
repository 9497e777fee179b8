// Sessions of one server at the other.

import assert from "node:assert/strict";
import { untilTrue } from "../lib/patience.mjs";

const user = (exchange) => JSON.parse(exchange.text)?.user;

const name = "better-auth.session_token";

const asked = (world, browser) => world.get("/get-session", { cookie: `${name}=${browser.jar.session()}` });

export const scenarios = {
  "a session cookie is accepted": async ({ here, there }) => {
    const ada = await here.member();
    assert.equal(user(await asked(there, ada)).email, ada.email);
  },

  "a bare signed cookie is accepted": async ({ here, there }) => {
    const ada = await here.member();
    const exchange = await there.get("/get-session", { cookie: `${name}=${ada.signed}` });
    assert.equal(user(exchange).email, ada.email);
  },

  "a bearer token is accepted in every form": async ({ here, there }) => {
    const ada = await here.member();
    for (const token of [ada.token, ada.signed, encodeURIComponent(ada.signed)]) {
      const exchange = await there.get("/get-session", { headers: { authorization: `Bearer ${token}` } });
      assert.equal(user(exchange)?.email, ada.email, token);
    }
  },

  "both servers describe a session alike": async ({ here, there }) => {
    const ada = await here.member("ada", { image: "https://images.example.test/a.png" });
    const [left, right] = [await asked(here, ada), await asked(there, ada)];
    assert.deepEqual(JSON.parse(right.text), JSON.parse(left.text));
  },

  "both servers list the same sessions": async ({ here, there }) => {
    const ada = await here.member();
    await there.device(ada);
    await here.device(ada, { rememberMe: false });
    const list = async (world) => {
      const { text } = await world.get("/list-sessions", { cookie: `${name}=${ada.jar.session()}` });
      return JSON.parse(text).sort((a, b) => a.id.localeCompare(b.id));
    };
    const left = await list(here);
    assert.equal(left.length, 3);
    assert.deepEqual(await list(there), left);
  },

  "signing out is effective": async ({ here, there }) => {
    const ada = await here.member();
    assert.ok(user(await asked(there, ada)));
    const window = ada.copy();
    await ada.client.signOut();
    await untilTrue("signed out", async () => !user(await asked(there, window)));
  },

  "revoking one session is effective and leaves the others": async ({ here, there }) => {
    const ada = await here.member();
    const phone = await there.device(ada);
    assert.ok(user(await asked(there, phone)));
    await ada.client.revokeSession({ token: phone.token });
    await untilTrue("revoked", async () => !user(await asked(there, phone)));
    assert.ok(user(await asked(there, ada)));
  },

  "revoking all sessions is effective": async ({ here, there }) => {
    const ada = await here.member();
    const phone = await there.device(ada);
    assert.ok(user(await asked(there, phone)));
    await ada.client.revokeSessions();
    await untilTrue("revoked", async () => !user(await asked(there, phone)) && !user(await asked(there, ada)));
  },

  "a renewal is seen": async ({ here, there }) => {
    const ada = await here.member();
    await here.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    const renewed = JSON.parse((await asked(here, ada)).text).session.expiresAt;
    await here.target.settleRenewals();
    const seen = async () => JSON.parse((await asked(there, ada)).text).session.expiresAt === renewed;
    await untilTrue("renewed", seen);
  },

  "a change of the user is seen": async ({ here, there }) => {
    const ada = await here.member();
    assert.equal(user(await asked(there, ada)).name, "Ada Lovelace");
    await ada.client.updateUser({ name: "Countess" });
    await untilTrue("renamed", async () => user(await asked(there, ada)).name === "Countess");
  },

  "a session kept short here is not renewed there": async ({ here, there }) => {
    const ada = await here.member();
    const kiosk = await here.device(ada, { rememberMe: false });
    await here.sql(`update session set "expiresAt" = now() + interval '1 hour' where token = $1`, kiosk.token);
    await there.get("/get-session", { cookie: kiosk.jar.header() });
    const [{ left }] = await here.sql(`select extract(epoch from "expiresAt" - now())::float as left from session where token = $1`, kiosk.token);
    assert.ok(left < 3700, `${left} seconds left`);
  },
};
