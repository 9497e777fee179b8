// Forgotten passwords: the request, the link and the new password.

const newPassword = "a brand new password";

/** Asks for a reset without writing it down; returns the mail. */
function ask(world, email, redirectTo = "/reset", nth = 1) {
  return world.quietly(async () => {
    await world.post("/request-password-reset", { email, redirectTo });
    return world.mail(email, "reset-password", nth);
  });
}

export const scenarios = {
  "a password is reset from request to sign-in": async (world) => {
    const ada = await world.member();
    const visitor = world.browser();
    await visitor.client.requestPasswordReset({ email: ada.email, redirectTo: "/reset?step=2" });
    await world.rows();
    const mail = await world.mail(ada.email, "reset-password");
    await visitor.open(mail.url);
    await visitor.client.resetPassword({ newPassword, token: mail.token });
    await world.rows();
    await visitor.client.signIn.email({ email: ada.email, password: ada.password });
    await visitor.client.signIn.email({ email: ada.email, password: newPassword });
    await world.mails();
  },

  "an unknown address gets the same answer and no mail": async (world) => {
    await world.post("/request-password-reset", { email: world.address("nobody"), redirectTo: "/reset" });
    await world.post("/request-password-reset", { email: world.address("nobody") });
    await world.mails();
  },

  "a token works once": async (world) => {
    const ada = await world.member();
    const { token, url } = await ask(world, ada.email);
    await world.post("/reset-password", { newPassword, token });
    await world.post("/reset-password", { newPassword: "yet another password", token });
    await world.browser().open(url);
    await world.post("/sign-in/email", { email: ada.email, password: newPassword });
  },

  "one of two simultaneous resets wins": async (world) => {
    const ada = await world.member();
    const { token } = await ask(world, ada.email);
    const answers = await world.quietly(() =>
      Promise.all([1, 2, 3, 4].map((n) => world.post("/reset-password", { newPassword: `${newPassword} ${n}`, token }))),
    );
    world.note("statuses", answers.map(({ status }) => status).sort());
  },

  "a refused password leaves the token good": async (world) => {
    const ada = await world.member();
    const { token } = await ask(world, ada.email);
    await world.post("/reset-password", { newPassword: "short", token });
    await world.post("/reset-password", { newPassword: "", token });
    await world.post("/reset-password", { newPassword: "x".repeat(129), token });
    await world.post("/reset-password", { newPassword, token });
  },

  "the token may stand in the query": async (world) => {
    const ada = await world.member();
    const { token } = await ask(world, ada.email);
    await world.post("/reset-password?token=wrong", { newPassword });
    await world.post(`/reset-password?token=${token}`, { newPassword, token: "wrong" });
    await world.post(`/reset-password?token=${token}`, { newPassword });
  },

  "wrong tokens are refused": async (world) => {
    for (const token of ["wrong", "", "%00", "../x", "x".repeat(500)]) {
      await world.post("/reset-password", { newPassword, token });
      await world.post("/reset-password", { newPassword: "short", token });
    }
    await world.post("/reset-password", { newPassword });
    await world.post("/reset-password", { newPassword: "short" });
  },

  "an expired token is refused": async (world) => {
    const ada = await world.member();
    const { token, url } = await ask(world, ada.email);
    await world.sql(`update verification set "expiresAt" = now() - interval '1 second' where identifier = $1`, `reset-password:${token}`);
    await world.browser().open(url);
    await world.post("/reset-password", { newPassword, token });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
  },

  "each request makes a further token and older ones stay good": async (world) => {
    const ada = await world.member();
    const first = await ask(world, ada.email);
    await ask(world, ada.email, "/reset", 2);
    await world.rows();
    await world.post("/reset-password", { newPassword, token: first.token });
    await world.rows();
  },

  "a link goes where the request said": async (world) => {
    const ada = await world.member();
    const targets = ["/reset?a=b#frag", "http://localhost:3000/r?x=1", "https://app.example.test/r", "/r?token=mine"];
    for (const [index, target] of targets.entries()) {
      await world.browser().open((await ask(world, ada.email, target, index + 1)).url);
    }
  },

  "a link of a request without redirectTo ends at the error page": async (world) => {
    const ada = await world.member();
    await world.post("/request-password-reset", { email: ada.email });
    await world.browser().open((await world.mail(ada.email, "reset-password")).url);
    await world.mails();
  },

  "a link that was tampered with says so": async (world) => {
    await world.get("/reset-password/unknown?callbackURL=%2Freset%3Fa%3Db%23c");
    await world.get("/reset-password/unknown?callbackURL=https%3A%2F%2Fapp.example.test%2Fr");
    await world.get("/reset-password/unknown?callbackURL=");
    await world.get("/reset-password/unknown");
    await world.get("/reset-password/unknown?callbackURL=https%3A%2F%2Fevil.test");
    await world.get("/reset-password/unknown?callbackURL=%2F%2Fevil.test");
    await world.get("/reset-password/%00?callbackURL=/x");
    await world.get("/reset-password/a%2Fb?callbackURL=/x");
    await world.get("/reset-password/?callbackURL=/x");
    await world.get("/reset-password?callbackURL=/x");
  },

  "opening a link does not use it up": async (world) => {
    const ada = await world.member();
    const { token, url } = await ask(world, ada.email);
    await world.browser().open(url);
    await world.browser().open(url);
    await world.post("/reset-password", { newPassword, token });
  },

  "all sessions end with the old password": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    const { token } = await ask(world, ada.email);
    await ada.post("/reset-password", { newPassword, token });
    await ada.client.getSession();
    await phone.client.getSession();
    await world.rows();
  },

  "a reset does not verify the address": async (world) => {
    const ada = await world.stranger();
    const { token } = await ask(world, ada.email);
    await world.post("/reset-password", { newPassword, token });
    await world.post("/sign-in/email", { email: ada.email, password: newPassword });
    await world.rows();
  },

  "a reset gives a password to a user who had none": async (world) => {
    const ada = await world.member();
    await world.sql(`delete from account where "userId" = $1`, await world.userID(ada.email));
    const { token } = await ask(world, ada.email);
    await world.post("/reset-password", { newPassword, token });
    await world.post("/sign-in/email", { email: ada.email, password: newPassword });
    await world.rows();
  },

  "the old name of the endpoint is gone": async (world) => {
    await world.post("/forget-password", { email: world.address("ada"), redirectTo: "/reset" });
  },

  "a parameter given twice is refused": async (world) => {
    await world.get("/reset-password/x?callbackURL=/a&callbackURL=/b");
    await world.post("/reset-password?token=a&token=b", { newPassword });
    await world.post("/reset-password?token=a&token=b", { newPassword, token: "x" });
  },
};
