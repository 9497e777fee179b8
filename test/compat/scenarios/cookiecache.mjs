// The cookie cache, by each strategy: what it says, when it is set, left alone and taken away.

import { dataCookie, dataCookies, dataValue, noteCookieCache, opened, sealed } from "../lib/cookiecache.mjs";
import { header } from "../lib/wire.mjs";

export const profiles = ["cachedCompact", "cachedJWT", "cachedJWE"];

const due = (days) => `update session set "expiresAt" = now() + interval '${days} days' where token = $1`;

const picture = (bytes) => `data:image/png;base64,${"iVBORw0K".repeat(bytes / 8)}`;

// Puts a value into the jar as it would have come, or in parts.
function keep(browser, target, ...parts) {
  const name = dataCookie(target);
  for (const kept of dataCookies(target, browser.jar)) browser.jar.remove(kept);
  parts.forEach((part, index) => browser.jar.put(parts.length > 1 ? `${name}.${index}` : name, part));
}

// What a cookie of the browser says, changed, and sealed again.
async function resealed(world, browser, change, expiresIn) {
  const { iat, exp, jti, expiresAt, ...payload } = await opened(world.target, dataValue(world.target, browser.jar));
  return sealed(world.target, change(payload), expiresIn);
}

export const scenarios = {
  "signing up and in sets it": async (world) => {
    const email = world.address("ada");
    const ada = world.browser();
    await ada.client.signUp.email({ name: 'Ada "Countess" <&> ñ \u2028 😀', email, password: "correct horse battery", image: "https://images.example.test/a.png" });
    await ada.open((await world.mail(email, "verify-email")).url);
    await noteCookieCache(world, ada);
    await ada.client.signOut();
    await noteCookieCache(world, ada);
    await ada.client.signIn.email({ email, password: "correct horse battery" });
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    await world.rows();
  },

  "a session not to be remembered": async (world) => {
    const ada = await world.member();
    const kiosk = world.browser();
    await kiosk.client.signIn.email({ email: ada.email, password: ada.password, rememberMe: false });
    await noteCookieCache(world, kiosk);
    await kiosk.client.getSession();
    keep(kiosk, world.target);
    await kiosk.client.getSession();
    keep(kiosk, world.target, "x");
    await kiosk.client.getSession();
    await kiosk.client.updateUser({ name: "Countess" });
    await noteCookieCache(world, kiosk);
    await kiosk.client.revokeOtherSessions();
    await kiosk.client.signIn.email({ email: ada.email, password: ada.password });
    await noteCookieCache(world, kiosk);
  },

  "a good one is left alone": async (world) => {
    const ada = await world.member();
    await ada.client.getSession();
    await ada.client.getSession();
    await ada.get("/get-session?disableRefresh=true");
    await ada.get("/list-sessions");
    await ada.get("/list-accounts");
  },

  "a missing one is set": async (world) => {
    const ada = await world.member();
    for (const path of ["/get-session", "/list-sessions", "/list-accounts", "/get-session?disableRefresh=true"]) {
      keep(ada, world.target);
      await ada.get(path);
    }
    await noteCookieCache(world, ada);
  },

  "disableCookieCache asks the database and sets it": async (world) => {
    const ada = await world.member();
    await ada.client.getSession({ query: { disableCookieCache: true } });
    for (const value of ["true", "false", "1", "", "x&disableCookieCache=y"]) await ada.get(`/get-session?disableCookieCache=${value}`);
    await ada.get("/get-session?disableCookieCache=1&disableRefresh=1");
    await ada.get("/list-accounts?disableCookieCache=1");
    keep(ada, world.target, "x");
    await ada.get("/get-session?disableCookieCache=1");
    await noteCookieCache(world, ada);
  },

  "what is to be sure sets it anew": async (world) => {
    const ada = await world.member();
    await world.device(ada);
    const requests = [
      () => ada.post("/verify-password", { password: ada.password }),
      () => ada.post("/verify-password", { password: "wrong password" }),
      () => ada.post("/revoke-session", { token: "unknown" }),
      () => ada.post("/revoke-other-sessions"),
      () => ada.post("/change-email", { newEmail: world.address("countess") }),
      () => ada.post("/change-password", { currentPassword: ada.password, newPassword: "another password" }),
      () => ada.post("/delete-user", {}),
    ];
    for (const request of requests) await request();
    await noteCookieCache(world, ada);
    await ada.post("/change-password", { currentPassword: "another password", newPassword: ada.password, revokeOtherSessions: true });
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    await world.mails();
  },

  "a change of the user is in it": async (world) => {
    const ada = await world.member();
    await ada.client.updateUser({ name: "Countess", image: "https://images.example.test/c.png" });
    await noteCookieCache(world, ada);
    await ada.client.getSession();
  },

  "a change of the address is in it": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await ada.client.changeEmail({ newEmail: to, callbackURL: "/settings" });
    await ada.open((await world.mail(to, "change-email-verification")).url);
    await noteCookieCache(world, ada);
    await ada.client.getSession();
  },

  "ending sessions takes it away": async (world) => {
    const ada = await world.member();
    const [phone, tablet] = [await world.device(ada), await world.device(ada)];
    await phone.client.signOut();
    await tablet.client.revokeSession({ token: tablet.token });
    await ada.client.revokeSessions();
    for (const browser of [ada, phone, tablet]) await browser.client.getSession();
  },

  "deleting the user takes it away": async (world) => {
    const ada = await world.member();
    await ada.client.deleteUser({ callbackURL: "/bye" });
    await ada.open((await world.mail(ada.email, "delete-user")).url);
    await ada.client.getSession();
  },

  "what is nothing is taken away": async (world) => {
    const ada = await world.member();
    const bob = await world.member("bob");
    const good = dataValue(world.target, ada.jar);
    const half = Math.floor(good.length / 2);
    const values = ["x", good.slice(0, -1), good.slice(1), good.slice(0, half), `${good}x`, dataValue(world.target, bob.jar), good.toLowerCase()];
    for (const value of values) {
      keep(ada, world.target, value);
      await ada.get("/get-session?disableRefresh=1");
      keep(ada, world.target, value);
      await ada.get("/get-session");
    }
    keep(ada, world.target, "x");
    await ada.get("/list-accounts");
    await noteCookieCache(world, ada);
  },

  "what is no base64 is taken away": async (world) => {
    const ada = await world.member();
    for (const value of [".", "a.b", "....", "*", "eyJhbGciOiJub25lIn0.e30.", "%", "%zz", ada.jar.session()]) {
      keep(ada, world.target, value);
      await ada.get("/get-session?disableRefresh=1");
    }
  },

  "without the session's cookie it is nothing": async (world) => {
    const ada = await world.member();
    const name = dataCookie(world.target);
    await world.get("/get-session", { cookie: `${name}=${dataValue(world.target, ada.jar)}` });
    await world.get("/get-session", { cookie: `${name}=x; better-auth.session_token=x` });
    await world.get("/list-accounts", { cookie: `${name}=${dataValue(world.target, ada.jar)}` });
    await world.post("/sign-out", {}, { cookie: `${name}=x; ${name}.3=y; ${name}.x=z`, headers: { origin: world.target.baseURL } });
  },

  "it counts until its end, for its version and its session": async (world) => {
    const ada = await world.member();
    const user = (changes) => (payload) => ({ ...payload, user: { ...payload.user, ...changes } });
    const session = (changes) => (payload) => ({ ...payload, session: { ...payload.session, ...changes } });
    const past = "2020-01-01T00:00:00.000Z";
    const cases = [
      [(payload) => payload], [(payload) => payload, -1], [(payload) => payload, 86_400], [(payload) => ({ ...payload, version: "other" })],
      [({ version, ...payload }) => payload], [(payload) => ({ ...payload, version: "" })], [(payload) => ({ ...payload, version: 1 })],
      [session({ token: bobsToken(world) })], [session({ token: undefined })], [session({ expiresAt: past })], [session({ expiresAt: undefined })], [session({ expiresAt: null })],
      [session({ expiresAt: "soon" })], [session({ id: undefined })], [session({ createdAt: "x" })], [user({ id: undefined })], [user({ email: undefined })],
      [user({ emailVerified: "yes" })], [user({ name: 1 })], [(payload) => ({ ...payload, updatedAt: undefined })], [(payload) => ({ ...payload, updatedAt: "x" })],
      [({ user, ...payload }) => payload], [({ session, ...payload }) => payload], [() => ({})], [() => ({ email: ada.email, userId: "x" })],
    ];
    for (const [change, expiresIn] of cases) {
      keep(ada, world.target, await world.quietly(async () => {
        await ada.get("/get-session?disableCookieCache=1");
        return resealed(world, ada, change, expiresIn);
      }));
      await ada.get("/get-session?disableRefresh=1");
    }
  },

  "fields that one server alone knows": async (world) => {
    const ada = await world.member();
    keep(ada, world.target, await resealed(world, ada, (payload) => ({ ...payload, more: true, user: { ...payload.user, plan: "free" } })));
    await ada.get("/list-accounts");
    await ada.get("/get-session?disableCookieCache=1");
  },

  "a large session is split": async (world) => {
    const ada = await world.member("ada", { image: picture(4000) });
    world.note("names", dataCookies(world.target, ada.jar));
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    for (const image of [picture(8000), picture(2800), picture(6400), null, picture(4000)]) {
      await ada.client.updateUser({ image });
      world.note("names", dataCookies(world.target, ada.jar));
      await ada.client.getSession();
    }
    await noteCookieCache(world, ada);
    const other = ada.copy();
    await ada.client.signOut();
    world.note("names", dataCookies(world.target, ada.jar));
    await other.get("/get-session?disableCookieCache=1");
    world.note("names", dataCookies(world.target, other.jar));
  },

  "where the line is drawn": async (world) => {
    const ada = await world.member();
    const lengths = [];
    for (let bytes = 2200; bytes < 2800; bytes += 24) {
      await world.quietly(() => ada.post("/update-user", { image: picture(bytes) }));
      lengths.push([bytes, dataCookies(world.target, ada.jar).length, dataValue(world.target, ada.jar).length]);
    }
    world.note("lengths", lengths);
  },

  "parts that do not belong together": async (world) => {
    const ada = await world.member("ada", { image: picture(8000) });
    const name = dataCookie(world.target);
    const parts = dataCookies(world.target, ada.jar).map((part) => ada.jar.get(part));
    const whole = parts.join("");
    const session = `better-auth.session_token=${ada.jar.session()}`;
    const as = (pairs) => [session, ...Object.entries(pairs).map(([suffix, value]) => `${name}${suffix}=${value}`)].join("; ");
    const cookies = [
      as({ ".0": parts[0], ".1": parts[1], ".2": parts[2] }), as({ ".2": parts[2], ".1": parts[1], ".0": parts[0] }), as({ ".1": parts[0], ".5": parts[1], ".9": parts[2] }),
      as({ ".0": parts[0] }), as({ ".0": parts[0], ".2": parts[2] }), as({ ".0": parts[1], ".1": parts[0], ".2": parts[2] }), as({ "": "", ".0": parts[0], ".1": parts[1], ".2": parts[2] }),
      as({ "": whole }), as({ ".0": whole }), as({ ".00": whole }), as({ ".-1": whole }), as({ ".1e0": whole }), as({ ".x": whole }), as({ ".": whole }), as({ "..0": whole }),
      as({ "": "x", ".0": "y" }), as({ ".0": parts[0], ".1": parts[1], ".2": parts[2], ".3": "x" }), as({ ".0": parts[0], ".1": parts[1].slice(1), ".2": parts[2] }),
    ];
    for (const cookie of cookies) await world.get("/get-session?disableRefresh=1", { cookie });
    for (const cookie of cookies.slice(-3)) await world.get("/get-session", { cookie });
  },

  "a session too large for cookies goes without": async (world) => {
    const ada = await world.member();
    await world.sql(`update "user" set image = $2 where email = $1`, ada.email, picture(400_000));
    const { text } = await world.quietly(() => ada.get("/get-session?disableCookieCache=1"));
    world.note("answered", text.length > 400_000);
    world.note("names", dataCookies(world.target, ada.jar));
  },

  "a good one postpones the renewal": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    await world.quietly(() => ada.get("/get-session?disableCookieCache=1&disableRefresh=1"));
    keep(ada, world.target, await resealed(world, ada, (payload) => ({ ...payload, session: { ...payload.session, expiresAt: new Date(Date.now() + 5 * 86_400_000) } })));
    await world.sql(`update session set "expiresAt" = $2 where token = $1`, ada.token, (await opened(world.target, dataValue(world.target, ada.jar))).session.expiresAt);
    await ada.client.getSession();
    await ada.get("/list-accounts");
    await world.rows();
    keep(ada, world.target);
    await ada.client.getSession();
    await noteCookieCache(world, ada);
    await world.rows();
  },

  "another endpoint renews": async (world) => {
    const ada = await world.member("ada", { image: picture(2800) });
    await world.sql(due(5), ada.token);
    keep(ada, world.target);
    await ada.get("/get-session?disableRefresh=1");
    await ada.get("/list-accounts");
  },

  "a bearer client is sent it too": async (world) => {
    const ada = await world.member();
    const cookie = `${dataCookie(world.target)}=${dataValue(world.target, ada.jar)}`;
    for (const token of [ada.token, ada.signed, encodeURIComponent(ada.signed)]) {
      const headers = { authorization: `Bearer ${token}` };
      await world.get("/get-session", { headers });
      await world.get("/get-session", { headers, cookie });
      await world.get("/get-session", { headers, cookie: `${dataCookie(world.target)}=x` });
    }
    const headers = { authorization: `Bearer ${ada.token}` };
    await world.post("/update-user", { name: "Countess" }, { headers });
    const signedIn = await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    world.note("the token alone", header(signedIn, "set-auth-token").split(".").length);
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.token}.x` }, cookie });
    await world.post("/sign-out", {}, { headers });
    await world.get("/get-session", { headers });
  },

  "the database has the last word": async (world) => {
    const ada = await world.member();
    const [phone, tablet] = [await world.device(ada), await world.device(ada)];
    await phone.client.updateUser({ name: "Countess" });
    await ada.client.getSession();
    await world.sql(`delete from session where token = $1`, ada.token);
    await ada.client.getSession();
    await world.sql(due(-1), tablet.token);
    await tablet.client.getSession();
    await world.sql(`delete from "user" where email = $1`, ada.email);
    await phone.client.getSession();
  },
};

const bobsToken = () => "A".repeat(32);
