// No automatic sign-in, signed bearers only, no deletion, and a change of address confirmed twice.

export const profile = "strict";

const password = "correct horse battery";

export const scenarios = {
  "a verification link signs nobody in": async (world) => {
    const ada = await world.stranger();
    await ada.open((await world.mail(ada.email, "verify-email")).url);
    await ada.client.getSession();
    await ada.client.signIn.email({ email: ada.email, password });
    await world.rows();
  },

  "signing in unverified mails nobody": async (world) => {
    const ada = await world.stranger();
    await world.post("/sign-in/email", { email: ada.email, password });
    await world.mails();
  },

  "a taken address is not told": async (world) => {
    const ada = await world.member();
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password });
    await world.mails();
  },

  "a plain bearer token is ignored": async (world) => {
    const ada = await world.member();
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.token}` } });
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.signed}` } });
    await ada.get("/get-session", { headers: { authorization: "Bearer unknown" } });
  },

  "deletion is switched off": async (world) => {
    const ada = await world.member();
    await ada.post("/delete-user", { password });
    await ada.post("/delete-user", {});
    await ada.get("/delete-user/callback?token=x");
    await world.post("/delete-user", {});
    await world.get("/delete-user/callback?token=x");
    await world.rows();
  },

  "the old address confirms, then the new one": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await ada.client.changeEmail({ newEmail: to, callbackURL: "/settings" });
    const asked = await world.mail(ada.email, "change-email-confirmation");
    await world.rows();
    await ada.open(asked.url);
    await world.rows();
    await ada.open((await world.mail(to, "change-email-verification")).url);
    await ada.client.getSession();
    await ada.open(asked.url);
    await world.rows();
    await world.mails();
  },

  "the confirmation needs no session": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await world.quietly(() => ada.client.changeEmail({ newEmail: to }));
    const { token } = await world.mail(ada.email, "change-email-confirmation");
    await world.get(`/verify-email?token=${token}`);
    await world.mail(to, "change-email-verification");
    await world.mails();
    await world.rows();
  },

  "the confirmation is refused in somebody else's browser": async (world) => {
    const ada = await world.member();
    const eve = await world.member("eve");
    await world.quietly(() => ada.client.changeEmail({ newEmail: world.address("countess") }));
    const { token, url } = await world.mail(ada.email, "change-email-confirmation");
    await eve.get(`/verify-email?token=${token}`);
    await eve.open(url);
    await world.mails();
  },
};
