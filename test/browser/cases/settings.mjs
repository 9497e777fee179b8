// What users change about themselves.

export const cases = {
  "a new name is known to the application at once": async (world) => {
    const ada = await world.member("ada");
    await ada.picks("Settings");
    await ada.isAt("/account/settings");
    ada.name = `${ada.name} Lovelace`;
    await ada.card("Name").getByRole("textbox").fill(ada.name);
    await ada.presses("Save", ada.card("Name"));
    await ada.sees("Name updated successfully");
    await ada.shows("renamed");
    await ada.isIn();
  },

  "a new password replaces the old one": async (world) => {
    const ada = await world.member("ada");
    const old = ada.password;
    ada.password = `${old}, and more`;
    await ada.opens("/account/security");
    const card = ada.card("Change Password");
    await ada.fills({ "Current Password": "not the password", "New Password": ada.password, "Confirm Password": ada.password }, card);
    await ada.presses("Save", card);
    await ada.sees("Invalid password");
    await ada.fills({ "Current Password": old, "New Password": ada.password, "Confirm Password": ada.password }, card);
    await ada.presses("Save", card);
    await ada.sees("Your password has been changed.");
    await ada.shows("changed");
    await ada.letter("Your password was changed");
    await ada.isIn();

    const home = await world.elsewhere(ada);
    await home.signsIn({ password: old });
    await home.sees("Invalid email or password");
    await home.signsIn();
    await home.sees(`200 ${ada.name} <${ada.email}>`);
  },

  "a new address counts when its letter is opened": async (world) => {
    const ada = await world.member("ada");
    const old = ada.email;
    const next = `new.${old}`;
    await ada.opens("/account/settings");
    await ada.card("Email").getByRole("textbox").fill(next);
    await ada.presses("Save", ada.card("Email"));
    await ada.sees("Please check your email to verify the change.");
    await ada.shows("asked");
    await ada.isIn();

    ada.email = next;
    await ada.followsLetter("Confirm your new e-mail address");
    await ada.isIn();
    await ada.shows("moved");

    const home = await world.elsewhere({ ...ada, email: old });
    await home.signsIn();
    await home.sees("Invalid email or password");
  },

  "an account is deleted by the mailed link": async (world) => {
    const ada = await world.member("ada");
    // The kit asks for a password when it knows that there is one: by the accounts, which it lists first.
    const listed = ada.page.waitForResponse((response) => response.url().endsWith("/api/auth/list-accounts"));
    await ada.opens("/account/security");
    await listed;
    await ada.card("Change Password").waitFor();
    await ada.presses("Delete Account", ada.card("Delete Account"));
    const dialog = ada.page.getByRole("dialog");
    await ada.fills({ Password: "not the password" }, dialog);
    await ada.shows("asked");
    await ada.presses("Delete Account", dialog);
    await ada.sees("Invalid password");

    await ada.presses("Delete Account", ada.card("Delete Account"));
    await ada.fills({ Password: ada.password }, dialog);
    await ada.presses("Delete Account", dialog);
    await ada.sees("Please check your email to verify the deletion of your account.");
    await ada.isIn();

    await ada.followsLetter("Confirm the deletion of your account");
    await ada.isAt("/auth/sign-in");
    await ada.isOut();
    await ada.signsIn();
    await ada.sees("Invalid email or password");
    await ada.shows("deleted");
  },
};
