// Changing and checking the password while signed in.

const newPassword = "a brand new password";

export const scenarios = {
  "the password is changed and sessions stay": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    await ada.client.changePassword({ currentPassword: ada.password, newPassword });
    await ada.client.getSession();
    await phone.client.getSession();
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.post("/sign-in/email", { email: ada.email, password: newPassword });
    await world.rows();
  },

  "the password is changed and other sessions end": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    const before = ada.copy();
    await ada.client.changePassword({ currentPassword: ada.password, newPassword, revokeOtherSessions: true });
    await ada.client.getSession();
    await before.client.getSession();
    await phone.client.getSession();
    await world.rows();
  },

  "revokeOtherSessions false is as absent": async (world) => {
    const ada = await world.member();
    await ada.post("/change-password", { currentPassword: ada.password, newPassword, revokeOtherSessions: false });
    await world.rows();
  },

  "a wrong current password changes nothing": async (world) => {
    const ada = await world.member();
    const attempt = (currentPassword, to = newPassword) => ada.post("/change-password", { currentPassword, newPassword: to });
    await attempt("a wrong password");
    await attempt("");
    await attempt("x".repeat(129));
    await attempt("a wrong password", "short");
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
  },

  "the new password has to have the right length": async (world) => {
    const ada = await world.member();
    for (const candidate of ["", "1234567", "x".repeat(129), "12345678"]) {
      await ada.post("/change-password", { currentPassword: ada.password, newPassword: candidate });
    }
  },

  "the same password may be set again": async (world) => {
    const ada = await world.member();
    await ada.post("/change-password", { currentPassword: ada.password, newPassword: ada.password });
  },

  "a user without password has none to change": async (world) => {
    const ada = await world.member();
    await world.sql(`delete from account where "userId" = $1`, await world.userID(ada.email));
    await ada.post("/change-password", { currentPassword: ada.password, newPassword });
    await ada.post("/verify-password", { password: ada.password });
  },

  "the password is checked": async (world) => {
    const ada = await world.member();
    await ada.post("/verify-password", { password: ada.password });
    await ada.post("/verify-password", { password: "a wrong password" });
    await ada.post("/verify-password", { password: "" });
    await ada.post("/verify-password", { password: "x".repeat(129) });
    await world.post("/verify-password", { password: ada.password });
  },

  "changing wants a session": async (world) => {
    await world.post("/change-password", { currentPassword: "12345678", newPassword });
    await world.post("/change-password", { currentPassword: "12345678", newPassword: "short" });
  },

  "set-password has no route": async (world) => {
    const ada = await world.member();
    await ada.post("/set-password", { newPassword });
  },
};
