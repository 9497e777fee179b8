// Without verification and without a mail before deletion.

export const profile = "open";

const password = "correct horse battery";

export const scenarios = {
  "signing up signs in": async (world) => {
    const ada = world.browser();
    await ada.client.signUp.email({ name: "Ada", email: world.address("ada"), password });
    await ada.client.getSession();
    await world.rows();
    await world.mails();
  },

  "signing up with rememberMe false": async (world) => {
    const ada = world.browser();
    await ada.client.signUp.email({ name: "Ada", email: world.address("ada"), password, rememberMe: false });
    await ada.client.updateUser({ name: "Countess" });
    await world.rows();
  },

  "a taken address is told": async (world) => {
    const ada = await world.member();
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password });
    await world.post("/sign-up/email", { name: "Eve", email: ada.email.toUpperCase(), password: "another password" });
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password: "short" });
    await world.rows();
  },

  "signing in needs no verification": async (world) => {
    const ada = await world.member();
    await world.post("/sign-in/email", { email: ada.email, password });
    await world.mails();
  },

  "verification may be asked for and signs nobody in": async (world) => {
    const ada = await world.member();
    await world.post("/send-verification-email", { email: ada.email });
    await world.browser().open((await world.mail(ada.email, "verify-email")).url);
    await ada.client.getSession();
    await world.rows();
  },

  "sessions survive a reset": async (world) => {
    const ada = await world.member();
    await world.quietly(() => world.post("/request-password-reset", { email: ada.email, redirectTo: "/reset" }));
    const { token } = await world.mail(ada.email, "reset-password");
    await world.post("/reset-password", { newPassword: "a brand new password", token });
    await ada.client.getSession();
    await world.rows();
  },

  "the right password deletes at once": async (world) => {
    const ada = await world.member();
    await ada.post("/delete-user", { password: "a wrong password" });
    await ada.post("/delete-user", { password });
    await ada.client.getSession();
    await world.rows();
  },

  "a fresh session deletes without password": async (world) => {
    const ada = await world.member();
    await ada.client.deleteUser();
    await world.rows();
  },

  "a session that is not fresh does not": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "createdAt" = now() - interval '25 hours' where token = $1`, ada.token);
    await ada.post("/delete-user", {});
    await ada.post("/delete-user", { password: "a wrong password" });
    await ada.post("/delete-user", { token: "wrong" });
    await ada.post("/delete-user", { password });
    await world.rows();
  },

  "a user without password deletes with a fresh session": async (world) => {
    const ada = await world.member();
    await world.sql(`delete from account where "userId" = $1`, await world.userID(ada.email));
    await ada.post("/delete-user", { password });
    await ada.post("/delete-user", {});
    await world.rows();
  },

  "an unverified user changes the address by a mailed link": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await ada.client.changeEmail({ newEmail: to, callbackURL: "/settings" });
    await ada.open((await world.mail(to, "change-email-verification")).url);
    await ada.client.getSession();
    await world.rows();
    await world.mails();
  },
};
