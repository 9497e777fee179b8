// The cookie cache of one server at the other.

import assert from "node:assert/strict";
import { dataCookie, dataCookies, dataValue } from "../lib/cookiecache.mjs";
import { untilTrue } from "../lib/patience.mjs";
import { header } from "../lib/wire.mjs";

export const profiles = ["cachedCompact", "cachedJWT", "cachedJWE"];

// The scenarios take the database away.
export const alone = true;

const name = "better-auth.session_token";

const session = (exchange) => JSON.parse(exchange.text);

const asked = (world, browser, query = "") => world.get(`/get-session${query}`, { cookie: browser.jar.header() });

// With this instead of what the browser has as a cookie cache.
const askedWith = (world, browser, value, query = "") =>
  world.get(`/get-session${query}`, { cookie: `${name}=${browser.jar.session()}; ${dataCookie(world.target)}=${value}` });

const setsData = (exchange) => exchange.headers.some(([key, line]) => key === "set-cookie" && line.includes("session_data"));

const flipped = (value, at) => value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);

// What Postern has heard since a cookie was made counts against it; this one is made when all has been heard.
async function renewCache({ here, there }, ada) {
  await there.sql("select 1");
  await ada.get("/get-session?disableCookieCache=1");
  assert.equal(session(await asked(here, ada)).user.email, ada.email);
}

const isPostern = (world) => world.target.way !== undefined;

async function cutOff(world, work) {
  await world.target.way.sever();
  try {
    await work();
  } finally {
    await world.target.way.mend();
    await untilTrue("the database is back", async () => (await world.get("/health")).status === 200);
  }
}

export const scenarios = {
  "a good cookie is left alone, and any other is replaced": async ({ here, there }) => {
    const ada = await here.device(await here.member());
    const value = dataValue(here.target, ada.jar);
    const good = await asked(there, ada);
    assert.deepEqual(session(good), session(await asked(here, ada)));
    assert.ok(!setsData(good), "what the other made is replaced");
    for (const at of [0, 20, Math.floor(value.length / 2), value.length - 2]) {
      const exchange = await askedWith(there, ada, flipped(value, at));
      // A compact cookie that is no base64 any more is a fault of better-auth's own.
      if (exchange.status === 200) assert.ok(setsData(exchange), `what was changed at ${at} is left alone`);
    }
  },

  "a good cookie postpones the renewal": async ({ here, there }) => {
    const ada = await here.member();
    await here.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    const kept = await ada.get("/get-session?disableCookieCache=1&disableRefresh=1");
    const before = session(kept).session.expiresAt;
    // There the cookie is as old as the session it tells of, and counts only where it is read.
    const exchange = await asked(there, ada);
    const renewed = header(exchange, "set-auth-token") !== undefined;
    assert.ok(!renewed, "renewed in spite of the cookie");
    const [row] = await here.sql(`select "expiresAt" from session where token = $1`, ada.token);
    assert.equal(row.expiresAt.toISOString(), before);
    const later = await there.get("/get-session", { cookie: `${name}=${ada.jar.session()}` });
    assert.ok(header(later, "set-auth-token"), "not renewed without the cookie");
  },

  "a session in several cookies is read": async ({ here, there }) => {
    const ada = await here.device(await here.member("ada", { image: `data:image/png;base64,${"iVBORw0K".repeat(700)}` }));
    assert.ok(dataCookies(here.target, ada.jar).length > 1);
    const exchange = await asked(there, ada);
    assert.deepEqual(session(exchange), session(await asked(here, ada)));
    assert.ok(!setsData(exchange));
    const out = await there.post("/sign-out", {}, { cookie: ada.jar.header(), headers: { origin: there.target.baseURL } });
    ada.jar.absorb(out.headers);
    assert.deepEqual(dataCookies(there.target, ada.jar), []);
  },

  "the row behind a good cookie is gone": async ({ here, there }) => {
    const ada = await here.member();
    await here.sql("delete from session where token = $1", ada.token);
    const exchange = await asked(there, ada);
    if (isPostern(there)) {
      assert.equal(session(exchange), null, "Postern believes a cookie against the database");
    } else {
      assert.equal(session(exchange).user.email, ada.email, "better-auth does not read Postern's cookie");
      assert.equal(session(await asked(there, ada, "?disableCookieCache=1")), null);
      assert.equal(session(await askedWith(there, ada, dataValue(here.target, (await here.member("bob")).jar))), null);
    }
  },

  "the user behind a good cookie has changed": async ({ here, there }) => {
    const ada = await here.member();
    await here.sql(`update "user" set name = 'Countess' where email = $1`, ada.email);
    const { user } = session(await asked(there, ada));
    assert.equal(user.name, isPostern(there) ? "Countess" : "Ada Lovelace");
  },

  // The other direction is "the row behind a good cookie is gone": there the cookie is all that is read.
  "while the database is away a good cookie is shown": {
    only: "postern",
    run: async ({ here, there }) => {
      const [ada, bob] = [await here.member(), await here.member("bob")];
      await renewCache({ here, there }, bob);
      await renewCache({ here, there }, ada);
      const value = dataValue(here.target, ada.jar);
      await cutOff(there, async () => {
        assert.equal((await there.get("/me", { cookie: ada.jar.header() })).status, 503);
        // Postern has never heard of this session: all it knows is what the cookie says.
        const exchange = await asked(there, ada);
        assert.equal(exchange.status, 200, exchange.text);
        assert.deepEqual(session(exchange), session(await asked(here, ada)));
        for (let at = 0; at < value.length; at += 7) {
          assert.equal((await askedWith(there, ada, flipped(value, at))).status, 503, `changed at ${at}`);
          assert.equal((await askedWith(there, ada, value.slice(0, at))).status, 503, `cut at ${at}`);
        }
        assert.equal((await askedWith(there, bob, value)).status, 503, "somebody else's");
        assert.equal((await asked(there, ada, "?disableCookieCache=1")).status, 503);
      });
      assert.equal(session(await asked(there, ada)).user.email, ada.email);
    },
  },

  "while the database is away who was signed out before stays out": {
    only: "postern",
    run: async ({ here, there }) => {
      const [ada, bob] = [await here.member(), await here.member("bob")];
      await renewCache({ here, there }, bob);
      await renewCache({ here, there }, ada);
      // One whom Postern has looked for since, and one of whom it has only heard.
      const windows = [ada.copy(), bob.copy()];
      await ada.client.signOut();
      await bob.client.signOut();
      await untilTrue("ada is signed out", async () => session(await asked(there, windows[0])) === null);
      await there.sql("select pg_sleep(1)");
      await cutOff(there, async () => {
        for (const window of windows) {
          await untilTrue("no answer", async () => (await asked(there, window)).status === 503);
          assert.equal((await asked(there, window)).status, 503);
        }
      });
    },
  },
};
