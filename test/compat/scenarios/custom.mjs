// Cookies under another name and for all subdomains, shorter times and other password lengths.

export const profile = "custom";

const password = "short but good";

const due = (seconds) => `update session set "expiresAt" = now() + make_interval(secs => ${seconds}) where token = $1`;

export const scenarios = {
  "cookies have the configured name, domain and SameSite": async (world) => {
    const ada = world.browser();
    const email = world.address("ada");
    await ada.client.signUp.email({ name: "Ada", email, password });
    await ada.open((await world.mail(email, "verify-email")).url);
    await ada.client.getSession();
    await ada.client.signIn.email({ email, password, rememberMe: false });
    await ada.client.updateUser({ name: "Countess" });
    await ada.client.signOut();
    await world.rows();
  },

  "other names are other cookies": async (world) => {
    const ada = await world.member("ada", { password });
    const value = ada.jar.session();
    for (const name of ["__Secure-acme.session_token", "acme.session_token", "__Secure-better-auth.session_token", "better-auth.session_token"]) {
      await world.get("/get-session", { cookie: `${name}=${value}` });
    }
  },

  "a session lives and is renewed by the configured times": async (world) => {
    const ada = await world.member("ada", { password });
    for (const seconds of [7200 - 500, 7200 - 700, 60]) {
      await world.sql(due(seconds), ada.token);
      await ada.client.getSession();
    }
    await world.rows();
  },

  "a session not to be remembered lives a day all the same": async (world) => {
    const ada = await world.member("ada", { password });
    await world.device({ email: ada.email, password }, { rememberMe: false });
    await world.rows();
  },

  "without a freshAge no session is stale": async (world) => {
    const ada = await world.member("ada", { password });
    await world.sql(`update session set "createdAt" = now() - interval '30 days' where token = $1`, ada.token);
    await ada.client.listSessions();
    await ada.post("/unlink-account", { accountId: "unknown" });
    await ada.post("/delete-user", {});
    await world.mails();
  },

  "password lengths are the configured ones": async (world) => {
    for (const [who, candidate] of [["a", "x".repeat(9)], ["b", "x".repeat(10)], ["c", "x".repeat(64)], ["d", "x".repeat(65)]]) {
      await world.post("/sign-up/email", { name: "Ada", email: world.address(who), password: candidate });
      await world.post("/sign-in/email", { email: world.address(who), password: candidate });
    }
    const ada = await world.member("ada", { password });
    for (const newPassword of ["x".repeat(9), "x".repeat(65), "x".repeat(10)]) await ada.post("/change-password", { currentPassword: password, newPassword });
    await world.post("/reset-password", { token: "x", newPassword: "x".repeat(9) });
    await world.post("/reset-password", { token: "x", newPassword: "x".repeat(65) });
    await world.rows();
  },

  "changing the address is switched off": async (world) => {
    const ada = await world.member("ada", { password });
    await ada.client.changeEmail({ newEmail: world.address("new") });
    await ada.post("/change-email", { newEmail: ada.email });
    await ada.post("/change-email", { newEmail: "x" });
    await world.post("/change-email", { newEmail: world.address("new") });
  },
};
