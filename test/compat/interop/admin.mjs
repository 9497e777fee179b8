// What an administrator does at one server holds at the other.

import assert from "node:assert/strict";
import { inRole } from "../lib/operators.mjs";

export const profile = "admin";

// The same cookies at the other server.
const at = (world, { jar, ...known }) => Object.assign(world.browser(), { ...known, jar: jar.copy() });
const session = async (browser) => JSON.parse((await browser.get("/get-session")).text);
// Both must have noticed before the scenario goes on.
const noticed = ({ here, there }) => Promise.all([here.sql("select 1"), there.sql("select 1")]);

export const scenarios = {
  "a ban holds at both": async (both) => {
    const { here, there } = both;
    const ada = await here.member();
    const root = await inRole(here, "admin");
    const userId = await here.userID(ada.email);
    assert.equal((await session(at(there, ada))).user.banned, false);
    assert.equal((await root.post("/admin/ban-user", { userId, banReason: "Spam", banExpiresIn: 3600 })).status, 200);
    await noticed(both);
    assert.equal(await session(at(there, ada)), null);
    for (const world of [here, there]) {
      const refused = await world.post("/sign-in/email", { email: ada.email, password: ada.password });
      assert.equal(JSON.parse(refused.text).code, "BANNED_USER");
    }
    const seen = JSON.parse((await at(there, root).get(`/admin/get-user?id=${userId}`)).text);
    assert.equal(seen.banReason, "Spam");
    assert.equal((await at(there, root).post("/admin/unban-user", { userId })).status, 200);
    assert.equal((await here.post("/sign-in/email", { email: ada.email, password: ada.password })).status, 200);
  },

  "a role that was given counts at both": async (both) => {
    const { here, there } = both;
    const ada = await here.member();
    const root = await inRole(here, "admin");
    const userId = await here.userID(ada.email);
    assert.equal((await at(there, ada).get("/admin/list-users")).status, 403);
    await root.post("/admin/set-role", { userId, role: "admin" });
    await noticed(both);
    assert.equal((await at(there, ada).get("/admin/list-users?limit=1")).status, 200);
  },

  "an impersonation that began here ends there": async (both) => {
    const { here, there } = both;
    const ada = await here.member();
    const root = await inRole(here, "admin");
    assert.equal((await root.post("/admin/impersonate-user", { userId: await here.userID(ada.email) })).status, 200);
    const other = at(there, root);
    const impersonated = await session(other);
    assert.equal(impersonated.user.email, ada.email);
    assert.ok(impersonated.session.impersonatedBy);
    assert.equal((await other.post("/admin/stop-impersonating", {})).status, 200);
    assert.equal((await session(other)).user.email, root.email);
    await noticed(both);
    assert.equal(await session(root), null);
  },

  "users that were made, and passwords that were set": async (both) => {
    const { here, there } = both;
    const root = await inRole(here, "admin");
    const email = here.address("grace");
    const made = await root.post("/admin/create-user", { email, name: "Grace", password: "correct horse battery" });
    const { id } = JSON.parse(made.text).user;
    assert.equal((await there.post("/sign-in/email", { email, password: "correct horse battery" })).status, 200);
    assert.equal((await at(there, root).post("/admin/set-user-password", { userId: id, newPassword: "another password" })).status, 200);
    assert.equal((await here.post("/sign-in/email", { email, password: "another password" })).status, 200);
    assert.equal((await at(there, root).post("/admin/remove-user", { userId: id })).status, 200);
    assert.equal((await root.get(`/admin/get-user?id=${id}`)).status, 404);
  },
};
