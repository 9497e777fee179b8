// Reading, listing, renewing and revoking sessions.

const due = (days) => `update session set "expiresAt" = now() + interval '${days} days' where token = $1`;

export const scenarios = {
  "nobody has no session": async (world) => {
    await world.get("/get-session");
    await world.get("/list-sessions");
    await world.post("/revoke-session", { token: "x" });
    await world.post("/revoke-sessions");
    await world.post("/revoke-other-sessions");
    await world.post("/get-session", {});
  },

  "several devices are listed": async (world) => {
    const ada = await world.member();
    await world.device(ada);
    await world.device(ada, { rememberMe: false });
    await ada.client.listSessions();
    await world.rows();
  },

  "expired sessions are not listed": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await world.sql(due(-1), phone.token);
    await ada.client.listSessions();
  },

  "one session is revoked": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await ada.client.revokeSession({ token: phone.token });
    await phone.client.getSession();
    await ada.client.getSession();
    await world.rows();
  },

  "the own session is revoked": async (world) => {
    const ada = await world.member();
    await ada.client.revokeSession({ token: ada.token });
    await ada.client.getSession();
    await world.rows();
  },

  "somebody else's session stays": async (world) => {
    const ada = await world.member();
    const eve = await world.member("eve");
    await eve.post("/revoke-session", { token: ada.token });
    await eve.post("/revoke-session", { token: "unknown" });
    await eve.post("/revoke-session", { token: "" });
    await ada.client.getSession();
    await world.rows();
  },

  "the other sessions are revoked": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    const bob = await world.member("bob");
    await ada.client.revokeOtherSessions();
    await ada.client.getSession();
    await phone.client.getSession();
    await bob.client.getSession();
    await world.rows();
  },

  "all sessions are revoked": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await ada.client.revokeSessions();
    await ada.client.getSession();
    await phone.client.getSession();
    await world.rows();
  },

  "a young session is not renewed": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() + interval '6 days 1 hour' where token = $1`, ada.token);
    await ada.client.getSession();
    await world.rows();
  },

  "a session is renewed at update age": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    await ada.client.getSession();
    await ada.client.getSession();
    await world.rows();
  },

  "every endpoint with a session renews": async (world) => {
    const ada = await world.member();
    const renewing = [
      () => ada.get("/list-sessions"),
      () => ada.get("/list-accounts"),
      () => ada.post("/update-user", { name: "Countess" }),
      () => ada.post("/verify-password", { password: ada.password }),
      () => ada.post("/verify-password", { password: "a wrong password" }),
      () => ada.post("/revoke-other-sessions"),
    ];
    for (const request of renewing) {
      await world.sql(due(5), ada.token);
      await request();
    }
    await world.rows();
  },

  "disableRefresh keeps the session as it is": async (world) => {
    const ada = await world.member();
    await world.sql(due(5), ada.token);
    for (const value of ["true", "false", "1"]) await ada.get(`/get-session?disableRefresh=${value}`);
    await ada.get("/list-sessions?disableRefresh=true");
    await world.rows();
    await ada.get("/get-session?disableRefresh=");
    await world.rows();
  },

  "disableCookieCache changes nothing without a cookie cache": async (world) => {
    const ada = await world.member();
    await ada.client.getSession({ query: { disableCookieCache: true } });
    await ada.get("/get-session?disableCookieCache=anything");
    await ada.get("/get-session?unknown=1");
  },

  "a session not to be remembered is not renewed": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await world.sql(`update session set "expiresAt" = now() + interval '1 hour' where token = $1`, kiosk.token);
    await kiosk.client.getSession();
    await world.rows();
  },

  "an expired session is over": async (world) => {
    const ada = await world.member();
    await world.sql(due(-1), ada.token);
    const other = ada.copy();
    await ada.client.getSession();
    await other.get("/list-sessions");
    await world.rows();
  },

  "an expired session opens no endpoint": async (world) => {
    const requests = {
      "list-sessions": (who) => who.get("/list-sessions"),
      "list-accounts": (who) => who.get("/list-accounts"),
      "update-user": (who) => who.post("/update-user", { name: "x" }),
      "verify-password": (who) => who.post("/verify-password", { password: who.password }),
      "change-password": (who) => who.post("/change-password", { currentPassword: who.password, newPassword: "12345678" }),
      "change-email": (who) => who.post("/change-email", { newEmail: "new@x.test" }),
      "delete-user": (who) => who.post("/delete-user", {}),
      "revoke-sessions": (who) => who.post("/revoke-sessions"),
    };
    const ada = await world.member();
    await world.sql(due(-1), ada.token);
    for (const request of Object.values(requests)) {
      const window = ada.copy();
      await request(window);
    }
  },

  "listing wants a fresh session": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "createdAt" = now() - interval '25 hours' where token = $1`, ada.token);
    await ada.client.listSessions();
    await ada.client.getSession();
    await world.sql(due(5), ada.token);
    await ada.client.listSessions();
    await world.sql(`update session set "createdAt" = now() - interval '23 hours' where token = $1`, ada.token);
    await ada.client.listSessions();
  },

  "a session of a user who is gone is over": async (world) => {
    const ada = await world.member();
    await world.sql(`delete from "user" where email = $1`, ada.email);
    await ada.client.getSession();
  },

  "changes of the user show in the session": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await ada.client.updateUser({ name: "Countess", image: "https://images.example.test/c.png" });
    await phone.client.getSession();
  },

  "update-session has nothing to update": async (world) => {
    const ada = await world.member();
    await world.post("/update-session", {});
    for (const body of [{}, { name: "x" }, { token: "x", userId: "y", expiresAt: "2099-01-01T00:00:00.000Z" }]) {
      await ada.post("/update-session", body);
    }
    await world.rows();
  },
};
