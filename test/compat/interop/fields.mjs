// Additional fields that one server writes are what the other reads, and the other way round.

import assert from "node:assert/strict";
import { untilTrue } from "../lib/patience.mjs";

export const profile = "fields";

const name = "better-auth.session_token";

const shown = async (world, browser) => {
  const { text } = await world.get("/get-session", { cookie: `${name}=${browser.jar.session()}` });
  return JSON.parse(text);
};

const rich = {
  tier: "gold",
  age: -36,
  born: "1815-12-10T11:22:33.444Z",
  company: "Engines & Söhne \"1\"",
  lang: "fr",
  level: "senior",
  newsletter: true,
  note: "secret",
  prefs: { theme: { dark: true }, list: [1, null, "x"], large: 1e21 },
  scores: [1, -2.5],
  tags: ["a", "b,c", "{}", ""],
};

const poor = { age: null, born: null, company: "", level: null, newsletter: false, prefs: [], scores: [], tags: null };

export const scenarios = {
  "what a sign-up sets is read there": async ({ here, there }) => {
    const ada = await here.member("ada", { ...rich, nick: `nick ${here.slug}` });
    const [left, right] = [await shown(here, ada), await shown(there, ada)];
    assert.deepEqual(right, left);
    assert.equal(right.user.born, rich.born);
    assert.deepEqual(right.user.prefs, rich.prefs);
    assert.deepEqual(right.user.tags, rich.tags);
    assert.equal(right.user.nick, `nick ${here.slug}`);
    assert.equal("note" in right.user, false);
  },

  "what a sign-up leaves out is read there": async ({ here, there }) => {
    const ada = await here.member("ada", { tier: "gold" });
    assert.deepEqual(await shown(there, ada), await shown(here, ada));
  },

  "updates of both are seen by both": async ({ here, there }) => {
    const ada = await here.member("ada", rich);
    const elsewhere = await there.device(ada);
    assert.equal((await elsewhere.post("/update-user", poor)).status, 200);
    const changed = await shown(there, elsewhere);
    assert.deepEqual(changed.user.prefs, []);
    await untilTrue("the update is seen", async () => (await shown(here, ada)).user.company === "");
    assert.deepEqual((await shown(here, ada)).user, changed.user);
    assert.equal((await ada.post("/update-user", { ...rich, tier: "silver" })).status, 200);
    await untilTrue("the update is seen", async () => (await shown(there, elsewhere)).user.tier === "silver");
    assert.deepEqual((await shown(there, elsewhere)).user, (await shown(here, ada)).user);
  },

  "a session's fields are seen by both": async ({ here, there }) => {
    const ada = await here.member("ada", { tier: "gold" });
    assert.deepEqual((await shown(there, ada)).session, (await shown(here, ada)).session);
    const first = await ada.post("/update-session", { theme: "dark", seats: 3, seen: "2024-02-03T04:05:06.789Z", flags: ["x"], pinned: true });
    assert.equal(first.status, 200);
    await untilTrue("the update is seen", async () => (await shown(there, ada)).session.theme === "dark");
    assert.deepEqual((await shown(there, ada)).session, JSON.parse(first.text).session);
    const headers = { origin: there.target.baseURL, cookie: `${name}=${ada.jar.session()}` };
    const second = await there.post("/update-session", { theme: null, seats: null, flags: [] }, { headers });
    assert.equal(second.status, 200);
    await untilTrue("the update is seen", async () => (await shown(here, ada)).session.theme === null);
    assert.deepEqual((await shown(here, ada)).session, JSON.parse(second.text).session);
  },

  "a unique value that one has taken is taken at the other": async ({ here, there }) => {
    const nick = `nick ${here.slug}`;
    await here.member("ada", { tier: "gold", nick });
    const bob = { name: "Bob", email: there.address("bob"), password: "correct horse battery", tier: "gold", nick };
    assert.equal((await there.post("/sign-up/email", bob)).status, 422);
  },
};
