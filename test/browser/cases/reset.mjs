// A password that was forgotten.

export const cases = {
  "a forgotten password is replaced by the mailed link, once": async (world) => {
    const ada = await world.member("ada");
    const home = await world.elsewhere(ada);
    await home.opens("/auth/sign-in");
    await home.follows("Forgot your password?");
    await home.isAt("/auth/forgot-password");
    await home.fills({ Email: ada.email });
    await home.presses("Send reset link");
    await home.sees("Check your email for the password reset link.");
    await home.shows("asked");

    const link = await home.followsLetter("Reset your password");
    await home.isAt("/auth/reset-password");
    const old = ada.password;
    home.password = `${old}, remembered`;
    await home.fills({ "New Password": home.password, "Confirm Password": home.password });
    await home.shows("new-password");
    await home.presses("Save new password");
    await home.sees("Password reset successfully");
    await home.isAt("/auth/sign-in");

    await ada.isOut(); // whoever was in with the old password
    await home.signsIn({ password: old });
    await home.sees("Invalid email or password");
    await home.signsIn();
    await home.sees(`200 ${ada.name} <${ada.email}>`);

    const thief = await world.elsewhere(ada);
    await thief.page.goto(link);
    await thief.isAt("/auth/sign-in");
    await thief.sees("Invalid token");
    await thief.shows("used-up");
  },

  "an unknown address is told the same": async (world) => {
    const nobody = await world.visitor("nobody");
    await nobody.opens("/auth/forgot-password");
    await nobody.fills({ Email: nobody.email });
    await nobody.presses("Send reset link");
    await nobody.sees("Check your email for the password reset link.");
  },
};
