// A frontend whose site has nothing in common with Postern's: its cookies are third-party ones.

import assert from "node:assert/strict";

export const cases = {
  "sign-up to sign-out, where the browser allows such cookies": async (world) => {
    const ada = await world.visitor("ada", { lenient: true });
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: ada.password, "Confirm Password": ada.password });
    await ada.presses("Create an account");
    await ada.sees("Check your email for the verification link.");
    await ada.followsLetter("Confirm your e-mail address");
    await ada.isAt("/");
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
    const { name, secure, sameSite, httpOnly } = await ada.cookie("session_token");
    assert.deepEqual(
      { name, secure, sameSite, httpOnly },
      { name: "__Secure-better-auth.session_token", secure: true, sameSite: "None", httpOnly: true },
    );

    await ada.fills({ "New task": "Water the plants" }); // another method and media type: the browser asks first
    await ada.presses("Add");
    await ada.sees("Water the plants");
    await ada.shows("signed-in");

    await ada.picks("Sign Out");
    await ada.isAt("/auth/sign-in");
    assert.equal(await ada.cookie("session_token"), undefined);
    await ada.isOut();

    await ada.signsIn();
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
  },

  "a browser that refuses such cookies signs in to no avail": async (world) => {
    const ada = await world.member("ada", { lenient: true });
    const incognito = await world.elsewhere(ada);
    await incognito.signsIn();
    await incognito.isAt("/");
    await incognito.sees("401 UNAUTHORIZED");
    assert.equal(await incognito.cookie("session_token"), undefined);
    await ada.isIn();
  },
};
