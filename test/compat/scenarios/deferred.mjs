// Sessions that are renewed by POST /get-session alone, without a cookie cache and with one.

import { dataCookie, dataCookies, noteCookieCache } from "../lib/cookiecache.mjs";

export const profiles = ["deferred", "cachedDeferred"];

const due = (days) => `update session set "expiresAt" = now() + interval '${days} days' where token = $1`;

const post = (query) => ({ query, fetchOptions: { method: "POST" } });

// Without the copy that a cookie may hold.
function forget(browser, target) {
  if (!target.profile.cookieCache) return;
  for (const name of dataCookies(target, browser.jar)) browser.jar.remove(name);
}

export const scenarios = {
  "a young session needs nothing": async (world) => {
    const ada = await world.member();
    await ada.client.getSession();
    await ada.client.getSession(post());
    await ada.client.getSession(post({ disableCookieCache: true }));
    await world.rows();
  },

  "reading says that it is time and posting renews": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    forget(ada, world.target);
    await ada.client.getSession();
    await ada.client.getSession({ query: { disableCookieCache: true } });
    await world.rows();
    await ada.client.getSession(post());
    await world.rows();
    await ada.client.getSession(post({ disableCookieCache: true }));
    await world.rows();
    await ada.client.getSession({ query: { disableCookieCache: true } });
    if (world.target.profile.cookieCache) await noteCookieCache(world, ada);
  },

  "no other endpoint renews": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    const requests = [
      () => ada.get("/list-sessions"),
      () => ada.get("/list-accounts"),
      () => ada.post("/update-user", { name: "Countess" }),
      () => ada.post("/verify-password", { password: ada.password }),
      () => ada.post("/revoke-other-sessions"),
    ];
    for (const request of requests) {
      forget(ada, world.target);
      await request();
    }
    await world.rows();
  },

  "disableRefresh says nothing of it": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    forget(ada, world.target);
    await ada.get("/get-session?disableRefresh=1");
    await ada.post("/get-session?disableRefresh=1");
    await world.rows();
  },

  "a session not to be remembered needs nothing": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    forget(kiosk, world.target);
    await kiosk.client.getSession();
    await kiosk.client.getSession(post());
    await world.rows();
  },

  "reading deletes no row and posting does": async (world) => {
    const ada = await world.member();
    await world.sql(due(-1), ada.token);
    forget(ada, world.target);
    const [window, other] = [ada.copy(), ada.copy()];
    await window.client.getSession();
    await other.get("/list-sessions");
    await world.rows();
    await ada.client.getSession(post());
    await world.rows();
  },

  "nobody and strangers": async (world) => {
    const ada = await world.member();
    await world.post("/get-session", undefined);
    await world.post("/get-session", { anything: 1 });
    await world.post("/get-session", "nothing", { headers: { "content-type": "text/plain" } });
    await world.post("/get-session", undefined, { headers: { authorization: `Bearer ${ada.token}` } });
    await world.post("/get-session", undefined, { cookie: ada.jar.header() });
    await world.post("/get-session", undefined, { cookie: ada.jar.header(), headers: { origin: "https://evil.test" } });
    await world.request("PUT", "/get-session");
  },

  "a bearer client renews": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    const headers = { authorization: `Bearer ${ada.signed}` };
    await world.get("/get-session", { headers });
    await world.post("/get-session", undefined, { headers });
    await world.get("/get-session", { headers });
    await world.rows();
  },

  "a copy in a cookie of which nothing is left": async (world) => {
    const ada = await world.member();
    const name = dataCookie({ ...world.target, profile: { cookies: {} } });
    await world.get("/get-session", { cookie: `better-auth.session_token=${ada.jar.session()}; ${name}=x` });
    await world.post("/get-session", undefined, { cookie: `better-auth.session_token=${ada.jar.session()}; ${name}=x`, headers: { origin: world.target.baseURL } });
  },
};
