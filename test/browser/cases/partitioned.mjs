// A frontend of another site, and cookies that the browser keeps apart for each site that uses them (CHIPS).

import assert from "node:assert/strict";

export const cases = {
  "such cookies are taken where third-party ones are refused": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: ada.password, "Confirm Password": ada.password });
    await ada.presses("Create an account");
    await ada.isAt("/auth/sign-in");
    // The link is opened at Postern's own site, so what it signs in to is not the page.
    await ada.followsLetter("Confirm your e-mail address");
    await ada.isAt("/");
    await ada.sees("401 UNAUTHORIZED");

    await ada.signsIn();
    await ada.isAt("/");
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
    await ada.fills({ "New task": "Water the plants" });
    await ada.presses("Add");
    await ada.sees("Water the plants");
    await ada.shows("signed-in");

    const page = new URL(world.stack.page);
    const { name, secure, sameSite, partitionKey } = await ada.cookie("session_token", ({ partitionKey }) =>
      partitionKey?.includes("another.test"),
    );
    assert.deepEqual(
      { name, secure, sameSite, partitionKey },
      { name: "__Secure-better-auth.session_token", secure: true, sameSite: "None", partitionKey: `${page.protocol}//another.test` },
    );

    await ada.opens("/account/security");
    await ada.sees("Current Session");
    await ada.opens("/");
    await ada.picks("Sign Out");
    await ada.isAt("/auth/sign-in");
    await ada.isOut();
  },
};
