// Deleting the account by a mailed link.

/** Asks for the mail without writing it down. */
function ask(world, browser, body = { callbackURL: "/bye" }) {
  return world.quietly(async () => {
    await browser.post("/delete-user", body);
    return world.mail(browser.email, "delete-user");
  });
}

export const scenarios = {
  "the account is deleted by the link": async (world) => {
    const ada = await world.member();
    await ada.client.deleteUser({ callbackURL: "/bye?a=b" });
    await world.rows();
    await world.mails();
    await ada.open((await world.mail(ada.email, "delete-user")).url);
    await ada.client.getSession();
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.rows();
  },

  "the link without callbackURL answers JSON": async (world) => {
    const ada = await world.member();
    const { token } = await ask(world, ada);
    await ada.get(`/delete-user/callback?token=${token}`);
    await world.rows();
  },

  "the token may be posted": async (world) => {
    const ada = await world.member();
    const { token } = await ask(world, ada);
    await ada.post("/delete-user", { token: "wrong" });
    await ada.post("/delete-user", { token });
    await world.rows();
  },

  "the password does not spare the mail": async (world) => {
    const ada = await world.member();
    await ada.post("/delete-user", { password: "a wrong password" });
    await ada.post("/delete-user", { password: "x".repeat(129) });
    await ada.post("/delete-user", { password: ada.password });
    await ada.post("/delete-user", { password: "" });
    await world.mails();
    await world.rows();
  },

  "all sessions end with the account": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    const { url } = await ask(world, ada);
    await ada.open(url);
    await phone.client.getSession();
    await world.rows();
  },

  "the link wants the same user's session": async (world) => {
    const ada = await world.member();
    const { url, token } = await ask(world, ada);
    await world.browser().open(url);
    await world.rows();
    await ada.get(`/delete-user/callback?token=${token}`);
  },

  "a stranger's attempt uses the token up": async (world) => {
    const ada = await world.member();
    const eve = await world.member("eve");
    const { url } = await ask(world, ada);
    await eve.open(url);
    await ada.open(url);
    await world.rows();
  },

  "wrong tokens are refused": async (world) => {
    const ada = await world.member();
    for (const query of ["?token=wrong", "?token=", "", "?token=wrong&callbackURL=/bye", "?token=a&token=b"]) {
      await ada.get(`/delete-user/callback${query}`);
    }
    await ada.get("/delete-user/callback?token=wrong&callbackURL=https%3A%2F%2Fevil.test");
    await world.get("/delete-user/callback?token=wrong");
  },

  "a link works once and expires": async (world) => {
    const ada = await world.member();
    const { token, url } = await ask(world, ada);
    await world.sql(`update verification set "expiresAt" = now() - interval '1 second' where identifier = $1`, `delete-account-${token}`);
    await ada.open(url);
    await world.rows();
  },

  "deleting wants a session": async (world) => {
    await world.post("/delete-user", {});
    await world.post("/delete-user", { password: "12345678" });
    await world.post("/delete-user", { callbackURL: "https://evil.test" });
  },

  "the address can be used again": async (world) => {
    const ada = await world.member();
    await world.quietly(async () => ada.open((await ask(world, ada)).url));
    await world.post("/sign-up/email", { name: "Ada again", email: ada.email, password: ada.password });
    await world.rows();
  },
};
