// Signing up, verification and the first sign-in.

export const scenarios = {
  "the official client signs up, verifies, signs in and out": async (world) => {
    const ada = world.browser();
    const email = world.address("ada");
    await ada.client.signUp.email({ name: "Ada", email, password: "correct horse" });
    await world.rows();
    await ada.open((await world.mail(email, "verify-email")).url);
    await ada.client.getSession();
    await ada.client.signOut();
    await ada.client.signIn.email({ email, password: "correct horse" });
    await ada.client.getSession();
    await ada.client.listSessions();
    await ada.client.signOut();
    await ada.client.getSession();
    await world.rows();
    await world.mails();
  },
};
