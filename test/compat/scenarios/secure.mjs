// Cookies behind an https address.

export const profile = "secure";

const secure = "__Secure-better-auth.session_token";

export const scenarios = {
  "cookies have the __Secure- prefix and the attribute": async (world) => {
    const email = world.address("ada");
    const ada = world.browser();
    await ada.client.signUp.email({ name: "Ada", email, password: "correct horse battery" });
    await ada.open((await world.mail(email, "verify-email")).url);
    await ada.client.getSession();
    await ada.client.signIn.email({ email, password: "correct horse battery", rememberMe: false });
    await ada.client.updateUser({ name: "Countess" });
    await ada.client.signOut();
    await world.mails();
  },

  "the name without prefix is another cookie": async (world) => {
    const ada = await world.member();
    await world.get("/get-session", { cookie: `better-auth.session_token=${ada.jar.get(secure)}` });
    await world.get("/get-session", { cookie: `${secure}=${ada.jar.get(secure)}` });
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.signed}` } });
  },

  "the http origin of the same host is another one": async (world) => {
    for (const origin of ["https://auth.example.test", "http://auth.example.test", "https://auth.example.test:443", "https://auth.example.test:8443"]) {
      await world.post("/sign-out", {}, { headers: { origin, cookie: "a=b" } });
    }
  },

  "a reset link is on https": async (world) => {
    const ada = await world.member();
    await ada.client.requestPasswordReset({ email: ada.email, redirectTo: "/reset" });
    await world.browser().open((await world.mail(ada.email, "reset-password")).url);
    await world.mails();
  },
};
