// Passwords set at one server and used at the other.

import assert from "node:assert/strict";
import { untilTrue } from "../lib/patience.mjs";

const signIn = (world, email, password) => world.post("/sign-in/email", { email, password });

const newPassword = "a brand new password";

export const scenarios = {
  "a user signs in": async ({ here, there }) => {
    const ada = await here.member();
    assert.equal((await signIn(there, ada.email, ada.password)).status, 200);
    assert.equal((await signIn(there, ada.email, "a wrong password")).status, 401);
  },

  "passwords beyond ASCII are the same password": async ({ here, there }) => {
    const ada = await here.member("ada", { password: "pa\u0308ssword \uFB01n 🙂" });
    assert.equal((await signIn(there, ada.email, ada.password)).status, 200);
    assert.equal((await signIn(there, ada.email, "p\u00E4ssword fin 🙂")).status, 200);
  },

  "a changed password counts at once": async ({ here, there }) => {
    const ada = await here.member();
    await ada.client.changePassword({ currentPassword: ada.password, newPassword });
    assert.equal((await signIn(there, ada.email, newPassword)).status, 200);
    assert.equal((await signIn(there, ada.email, ada.password)).status, 401);
  },

  "a hash is left as it is": async ({ here, there }) => {
    const ada = await here.member();
    const hash = async () => (await here.sql(`select password from account where "userId" = $1`, await here.userID(ada.email)))[0].password;
    const before = await hash();
    await signIn(there, ada.email, ada.password);
    assert.equal(await hash(), before);
  },

  "a reset asked for here is done there": async ({ here, there }) => {
    const ada = await here.member();
    await here.post("/request-password-reset", { email: ada.email, redirectTo: "/reset" });
    const { token, url } = await here.mail(ada.email, "reset-password");
    const opened = await there.browser().open(url);
    assert.equal(opened.status, 302);
    assert.match(opened.headers.find(([name]) => name === "location")[1], new RegExp(`token=${token}$`));
    assert.equal((await there.post("/reset-password", { newPassword, token })).status, 200);
    assert.equal((await here.post("/reset-password", { newPassword: "too late now", token })).status, 400);
    assert.equal((await signIn(here, ada.email, newPassword)).status, 200);
    await untilTrue("sessions ended", async () => (await here.get("/get-session", { cookie: ada.jar.header() })).text === "null");
  },

  "a taken address is taken at both": async ({ here, there }) => {
    const ada = await here.member();
    await there.post("/sign-up/email", { name: "Eve", email: ada.email.toUpperCase(), password: newPassword });
    const [{ count }] = await here.sql(`select count(*)::int from "user" where email = $1`, ada.email);
    assert.equal(count, 1);
  },
};
