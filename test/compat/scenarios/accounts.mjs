// Accounts of a user who has only a password.

export const scenarios = {
  "the password account is listed": async (world) => {
    const ada = await world.member();
    await ada.client.listAccounts();
    await world.get("/list-accounts");
  },

  "the last account stays": async (world) => {
    const ada = await world.member();
    const [{ id }] = await world.sql(`select a.id from account a join "user" u on u.id = a."userId" where u.email = $1`, ada.email);
    await ada.post("/unlink-account", { accountId: id });
    await ada.post("/unlink-account", { accountId: "unknown" });
    await ada.post("/unlink-account", {});
    await world.post("/unlink-account", { accountId: id });
    await world.rows();
  },

  "a password account has no provider's tokens": async (world) => {
    const ada = await world.member();
    const [{ id }] = await world.sql(`select a.id from account a join "user" u on u.id = a."userId" where u.email = $1`, ada.email);
    for (const path of ["/get-access-token", "/refresh-token"]) {
      await ada.post(path, { accountId: id });
      await ada.post(path, { accountId: "unknown" });
      await ada.post(path, { useAccountCookie: true });
      await ada.post(path, { accountId: id, unknown: 1 });
      await ada.post(path, {});
      await world.post(path, { accountId: id });
    }
    await ada.get(`/account-info?accountId=${id}`);
    await ada.get("/account-info?accountId=unknown");
    await ada.get("/account-info");
    await world.get(`/account-info?accountId=${id}`);
  },

  "a provider that is not configured is unknown": async (world) => {
    const ada = await world.member();
    for (const path of ["/sign-in/social", "/link-social"]) {
      await ada.post(path, { provider: "google", callbackURL: "/" });
      await ada.post(path, { provider: "nope" });
      await ada.post(path, {});
      await ada.post(path, { provider: "google", callbackURL: "https://evil.test" });
    }
    await world.post("/link-social", { provider: "google" });
    await world.get("/callback/google?code=x");
    await world.get("/callback/google?code=x&state=y");
    await world.get("/callback/nope?error=access_denied&state=y");
    await world.post("/callback/google", "code=x&state=y", { headers: { "content-type": "application/x-www-form-urlencoded" } });
  },
};
