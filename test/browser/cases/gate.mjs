// Pages that Postern itself gives to users only.

import assert from "node:assert/strict";

export const cases = {
  "a page for users leads by way of the sign-in page back to itself": async (world) => {
    const ada = await world.member("ada");
    const home = await world.elsewhere(ada);
    await home.opens("/account/security?from=a+letter");
    await home.isAt("/auth/sign-in");
    assert.equal(new URL(home.page.url()).search, "?return_to=%2Faccount%2Fsecurity%3Ffrom%3Da%2Bletter");
    await home.fills({ Email: ada.email, Password: ada.password });
    await home.presses("Login");
    await home.isAt("/account/security");
    await home.sees("Current Session");
    assert.equal(new URL(home.page.url()).search, "?from=a+letter");
  },

  "the application answers scripts and people alike when nobody is signed in": async (world) => {
    const nobody = await world.visitor("nobody");
    await nobody.opens("/api/tasks");
    await nobody.page.getByText('"UNAUTHORIZED"').waitFor();
    assert.deepEqual(await nobody.calls("/api/tasks"), { status: 401, code: "UNAUTHORIZED" });
  },
};
