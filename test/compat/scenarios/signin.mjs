// Signing in and out.

export const scenarios = {
  "a wrong password and an unknown address get one answer": async (world) => {
    const ada = await world.member();
    await world.post("/sign-in/email", { email: ada.email, password: "a wrong password" });
    await world.post("/sign-in/email", { email: world.address("nobody"), password: "a wrong password" });
    await world.post("/sign-in/email", { email: ada.email, password: "" });
    await world.post("/sign-in/email", { email: ada.email, password: "x".repeat(128) });
    await world.post("/sign-in/email", { email: ada.email, password: "x".repeat(129) });
    await world.post("/sign-in/email", { email: world.address("nobody"), password: "x".repeat(129) });
    await world.rows();
  },

  "addresses sign in in any case": async (world) => {
    const ada = await world.member();
    await world.post("/sign-in/email", { email: ada.email.toUpperCase(), password: ada.password });
  },

  "an address that is none is refused as such": async (world) => {
    for (const email of ["", "ada", "ada@", "@x.test", "a b@x.test", "a@x.test ", "é@x.test", "a@b@x.test"]) {
      await world.post("/sign-in/email", { email, password: "some password" });
    }
  },

  "passwords are compared in normal form KC": async (world) => {
    const ada = await world.member("ada", { password: "pa\u0308ssword \uFB01n" });
    await world.post("/sign-in/email", { email: ada.email, password: "p\u00E4ssword fin" });
    await world.post("/sign-in/email", { email: ada.email, password: "password fin" });
  },

  "passwords keep their spaces and case": async (world) => {
    const ada = await world.member("ada", { password: "  Spaces Count " });
    for (const password of ["  Spaces Count ", "Spaces Count", "  spaces count "]) {
      await world.post("/sign-in/email", { email: ada.email, password });
    }
  },

  "callbackURL is told in body and Location": async (world) => {
    const ada = await world.member();
    const attempt = (callbackURL) => world.post("/sign-in/email", { email: ada.email, password: ada.password, callbackURL });
    for (const target of ["/app?x=1#f", "http://localhost:3000/", "https://app.example.test/in?y", ""]) await attempt(target);
  },

  "rememberMe false lasts for the browser session": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await kiosk.client.getSession();
    await world.post("/sign-in/email", { email: ada.email, password: ada.password, rememberMe: false });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password, rememberMe: true });
    await world.rows();
  },

  "rememberMe false sticks to later cookies": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await kiosk.client.updateUser({ name: "Countess" });
    await kiosk.post("/change-password", {
      currentPassword: ada.password,
      newPassword: "another password",
      revokeOtherSessions: true,
    });
    await world.rows();
  },

  "rememberMe true undoes rememberMe false": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await kiosk.post("/sign-in/email", { email: ada.email, password: ada.password });
    await kiosk.client.updateUser({ name: "Countess" });
    await kiosk.client.signOut();
  },

  "a remembered session is not made short by a forged dont_remember": async (world) => {
    const ada = await world.member();
    ada.jar.put("better-auth.dont_remember", "true.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D");
    await ada.client.updateUser({ name: "Countess" });
    ada.jar.put("better-auth.dont_remember", "true");
    await ada.client.updateUser({ name: "Ada" });
  },

  "every sign-in makes a session of its own": async (world) => {
    const ada = await world.member();
    await ada.client.signIn.email({ email: ada.email, password: ada.password });
    await ada.client.listSessions();
    await world.rows();
  },

  "a user without password cannot sign in": async (world) => {
    const ada = await world.member();
    await world.sql(`update account set password = null where "userId" = $1`, await world.userID(ada.email));
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.sql(`delete from account where "userId" = $1`, await world.userID(ada.email));
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
  },

  "a form may sign in": async (world) => {
    const ada = await world.member();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const form = new URLSearchParams({ email: ada.email, password: ada.password });
    await world.post("/sign-in/email", form.toString(), { headers });
    await world.post("/sign-in/email", `${form}&callbackURL=%2Fhome`, { headers });
    await world.post("/sign-in/email", `${form}&rememberMe=false`, { headers });
    await world.post("/sign-in/email", "email=&password=", { headers });
    await world.post("/sign-in/email", `${form}&email=a%40b.test&email=${encodeURIComponent(ada.email)}`, { headers });
  },

  "signing out ends this session only": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await ada.client.signOut();
    await ada.client.getSession();
    await phone.client.getSession();
    await world.rows();
  },

  "signing out without a session succeeds": async (world) => {
    await world.post("/sign-out");
    await world.post("/sign-out", {});
    await world.post("/sign-out", { callbackURL: "/bye", disableRedirect: true, state: "s" });
    await world.post("/sign-out", null);
    await world.post("/sign-out", { disableRedirect: "yes" });
  },

  "a session ended at another place is told and forgotten": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await phone.post("/revoke-session", { token: ada.token });
    const stale = ada.copy();
    await ada.client.getSession();
    await stale.client.signOut();
  },

  "address and device are written down": async (world) => {
    const ada = await world.member();
    const body = { email: ada.email, password: ada.password };
    const headers = (forwarded) => ({ "x-forwarded-for": forwarded, "user-agent": "Device/1" });
    await world.post("/sign-in/email", body, { headers: headers("198.51.100.9") });
    await world.post("/sign-in/email", body, { headers: headers("2001:db8:1:2:3:4:5:6") });
    await world.post("/sign-in/email", body, { headers: headers("not an address") });
    await world.post("/sign-in/email", body, { headers: { "user-agent": "x".repeat(600) } });
    await world.rows();
  },
};
