// Which of several faults of one request is told: that of the check that comes first.

const evil = "https://evil.test";
const form = "application/x-www-form-urlencoded";

export const scenarios = {
  "the path comes before everything": async (world) => {
    await world.post("/nope", "{", { headers: { "content-type": "text/plain", origin: evil, cookie: "a=b" } });
    await world.request("PUT", "/sign-in/email", { body: "{", headers: { "content-type": "text/plain", origin: evil, cookie: "a=b" } });
  },

  "the media type comes before the syntax": async (world) => {
    for (const path of ["/sign-in/email", "/change-password", "/revoke-session", "/delete-user"]) {
      await world.post(path, "{", { headers: { "content-type": "text/plain", origin: evil, cookie: "a=b" } });
      await world.post(path, "{", { headers: { "content-type": "application/xml" } });
    }
  },

  "the syntax comes before the Origin": async (world) => {
    for (const path of ["/sign-in/email", "/change-password", "/revoke-session"]) await world.post(path, "{", { headers: { origin: evil, cookie: "a=b" } });
  },

  "the Origin comes before redirect targets": async (world) => {
    for (const path of ["/sign-in/email", "/change-email", "/delete-user"]) {
      await world.post(path, { callbackURL: evil }, { headers: { origin: evil, cookie: "a=b" } });
      await world.post(path, { callbackURL: 1 }, { headers: { origin: evil, cookie: "a=b" } });
      await world.post(path, { callbackURL: 1 }, { headers: { cookie: "a=b" } });
    }
  },

  "redirect targets are looked at in order, before the members": async (world) => {
    const all = { callbackURL: evil, redirectTo: evil, errorCallbackURL: evil, newUserCallbackURL: evil };
    for (const name of Object.keys(all)) {
      await world.post("/sign-in/email", { ...all, email: 1 });
      delete all[name];
    }
    await world.post("/sign-in/email", { callbackURL: "/ok", redirectTo: 1, errorCallbackURL: evil });
    await world.post("/change-password", { newUserCallbackURL: evil });
    await world.post("/sign-in/email", { email: 1 });
  },

  "members come before the guard of the form routes": async (world) => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", origin: evil };
    for (const path of ["/sign-in/email", "/sign-up/email"]) {
      await world.post(path, {}, { headers });
      await world.post(path, "email=&password=", { headers: { ...headers, "content-type": form } });
      await world.post(path, { name: "x", email: "x", password: "x", callbackURL: evil }, { headers });
      await world.post(path, { name: "x", email: "x", password: "x" }, { headers });
    }
  },

  "members come before the session": async (world) => {
    for (const [path, right] of Object.entries({
      "/change-password": { currentPassword: "12345678", newPassword: "x" },
      "/verify-password": { password: "x" },
      "/change-email": { newEmail: "a@x.test" },
      "/revoke-session": { token: "x" },
      "/unlink-account": { accountId: "x" },
      "/delete-user": {},
    })) {
      await world.post(path, Object.fromEntries(Object.keys(right).map((member) => [member, 1])));
      await world.post(path, right);
    }
  },

  "the session comes before an endpoint's own rules": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "createdAt" = now() - interval '25 hours' where token = $1`, ada.token);
    await world.post("/change-password", { currentPassword: "x", newPassword: "short" });
    await ada.post("/change-password", { currentPassword: "x", newPassword: "short" });
    await world.post("/unlink-account", { accountId: "x" });
    await ada.post("/unlink-account", { accountId: "x" });
    await ada.get("/list-sessions");
    await world.post("/update-user", { email: "x" });
    await ada.post("/update-user", { email: "x" });
  },

  "links look at the callbackURL before the token": async (world) => {
    const ada = await world.member();
    for (const path of ["/verify-email?", "/reset-password/x?", "/delete-user/callback?"]) {
      for (const query of [`token=x&callbackURL=${evil}`, `callbackURL=${evil}`, `token=a&token=b&callbackURL=${evil}`, `token=x&callbackURL=/ok&callbackURL=${evil}`, "token=x&callbackURL=/ok&callbackURL=/ok"]) {
        await world.get(path + query);
        await ada.get(path + query);
      }
    }
  },

  "other reading endpoints do not look at a callbackURL": async (world) => {
    const ada = await world.member();
    for (const path of ["/get-session", "/list-sessions", "/list-accounts", "/ok", "/error"]) await ada.get(`${path}?callbackURL=${evil}&redirectTo=${evil}`);
  },
};
