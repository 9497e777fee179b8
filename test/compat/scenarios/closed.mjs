// Sign-up is switched off.

export const profile = "closed";

const password = "correct horse battery";

export const scenarios = {
  "nobody signs up": async (world) => {
    const ada = world.browser();
    await ada.client.signUp.email({ name: "Ada", email: world.address("ada"), password });
    await world.post("/sign-up/email", { name: "Ada", email: "x", password: "x" });
    await world.post("/sign-up/email", {});
    await world.post("/sign-up/email", `name=Ada&email=${world.address("ada")}&password=x`, { headers: { "content-type": "application/x-www-form-urlencoded" } });
    await world.rows();
    await world.mails();
  },

  "signing in is as it was": async (world) => {
    await world.post("/sign-in/email", { email: world.address("ada"), password });
    await world.post("/request-password-reset", { email: world.address("ada") });
  },
};
