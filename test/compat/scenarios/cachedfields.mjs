// Additional fields in the cookie cache.

import { noteCookieCache } from "../lib/cookiecache.mjs";

export const profile = "cachedFields";

const fields = {
  tier: "gold", age: 36, born: "1815-12-10T00:00:00.000Z", company: 'Analytical "Engines" \u2028 <Ltd>', newsletter: true, nick: "countess",
  scores: [1e21, 0.1, -0.5, 1e-7], tags: ["a", "\u0007", "😀"],
};

export const scenarios = {
  "they are in it, but those that nobody is told": async (world) => {
    const ada = await world.member("ada", fields);
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    await ada.post("/update-user", { prefs: { 10: "ten", 9: "nine", b: [{ 2: 1, 1: 2 }], a: -0, huge: 12345678901234567890 }, level: "junior" });
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    await ada.post("/update-session", { theme: "dark", seats: 3, seen: "2026-01-02T03:04:05.678Z", flags: ["x", "y"], note: "hidden" });
    await noteCookieCache(world, ada);
    await ada.client.getSession();
    await ada.get("/get-session?disableCookieCache=1");
    await noteCookieCache(world, ada);
  },
};
