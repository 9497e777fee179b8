// Sign-in with address and password is switched off.

export const profile = "passwordless";

const password = "correct horse battery";

export const scenarios = {
  "passwords are of no use": async (world) => {
    const email = world.address("ada");
    await world.post("/sign-up/email", { name: "Ada", email, password });
    await world.post("/sign-up/email", { name: "Ada", email: "x", password: "x" });
    await world.post("/sign-in/email", { email, password });
    await world.post("/sign-in/email", { email: "x", password: "" });
    await world.post("/sign-in/email", {});
    await world.post("/request-password-reset", { email, redirectTo: "/reset" });
    await world.post("/request-password-reset", { email: "x" });
    await world.post("/reset-password", { newPassword: password, token: "x" });
    await world.get("/reset-password/x?callbackURL=/reset");
    await world.post("/verify-password", { password });
    await world.post("/change-password", { currentPassword: password, newPassword: password });
    await world.post("/send-verification-email", { email });
    await world.rows();
    await world.mails();
  },
};
