// Names and attributes of the session's cookies, under every setting that changes them.

import { dataCookie, dataCookies, noteCookieCache } from "../lib/cookiecache.mjs";

export const profiles = ["subdomains", "secureOnHTTP", "insecureOnHTTPS", "renamed"];

const caches = (world) => world.target.profile.cookieCache !== null;

const nameOfSession = (ada) => ada.jar.names().find((name) => ada.jar.get(name) === ada.jar.session());

export const scenarios = {
  "from signing up to signing out": async (world) => {
    const email = world.address("ada");
    const ada = world.browser();
    await ada.client.signUp.email({ name: "Ada", email, password: "correct horse battery" });
    await ada.open((await world.mail(email, "verify-email")).url);
    world.note("names", ada.jar.names());
    if (caches(world)) await noteCookieCache(world, ada);
    await ada.client.getSession();
    await ada.client.signIn.email({ email, password: "correct horse battery", rememberMe: false });
    world.note("names", ada.jar.names());
    await ada.client.updateUser({ name: "Countess" });
    await ada.client.signIn.email({ email, password: "correct horse battery", rememberMe: true });
    await ada.client.signOut();
    world.note("names", ada.jar.names());
    await world.mails();
  },

  "a renewal": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    await ada.get("/get-session?disableCookieCache=1");
    await ada.client.getSession();
    await world.rows();
  },

  "a large session": async (world) => {
    const ada = await world.member();
    for (let bytes = 2200; bytes < 2680; bytes += 80) await ada.client.updateUser({ image: `data:image/png;base64,${"iVBORw0K".repeat(bytes / 8)}` });
    await ada.client.updateUser({ image: null });
    if (caches(world)) world.note("names", dataCookies(world.target, ada.jar));
    await ada.client.signOut();
  },

  "other names are other cookies": async (world) => {
    const ada = await world.member();
    const own = nameOfSession(ada);
    const bare = own.replace("__Secure-", "");
    for (const name of [bare, `__Secure-${bare}`, `__Host-${bare}`, "better-auth.session_token", "__Secure-better-auth.session_token"]) {
      await world.get("/get-session?disableCookieCache=1", { cookie: `${name}=${ada.jar.session()}` });
    }
  },

  "a session that is gone": async (world) => {
    const ada = await world.member();
    await world.sql(`delete from session where token = $1`, ada.token);
    await ada.get("/get-session?disableCookieCache=1");
    world.note("names", ada.jar.names());
  },

  "bearer tokens": async (world) => {
    const ada = await world.member();
    for (const token of [ada.token, ada.signed, encodeURIComponent(ada.signed), `${ada.token}.x`]) {
      await world.get("/get-session", { headers: { authorization: `Bearer ${token}` } });
    }
    await world.post("/update-user", { name: "Countess" }, { headers: { authorization: `Bearer ${ada.token}` } });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password, rememberMe: false });
    await world.post("/sign-out", {}, { headers: { authorization: `Bearer ${ada.token}` } });
  },

  "a cookie cache of another setting": async (world) => {
    const ada = await world.member();
    const cookie = `${nameOfSession(ada)}=${ada.jar.session()}`;
    const bare = dataCookie(world.target).replace("__Secure-", "");
    for (const name of [bare, `__Secure-${bare}`, "better-auth.session_data", "__Secure-better-auth.session_data"]) {
      await world.get("/get-session?disableRefresh=1", { cookie: `${cookie}; ${name}=x; ${name}.0=y` });
    }
  },
};
