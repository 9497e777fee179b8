// Signing in and out.

import assert from "node:assert/strict";

const day = 24 * 60 * 60;

export const cases = {
  "sign-out ends the session, and going back does not show it": async (world) => {
    const ada = await world.member("ada");
    await ada.opens("/account/settings");
    await ada.has("Email", ada.email);
    const cookie = await ada.cookie("session_token");
    await ada.opens("/");
    await ada.picks("Sign Out"); // by way of /auth/sign-out
    await ada.isAt("/auth/sign-in");
    assert.equal(await ada.cookie("session_token"), undefined);
    await ada.shows("signed-out");
    assert.deepEqual(await ada.calls("/api/me"), { status: 401, code: "UNAUTHORIZED" });

    await ada.goesBack(2);
    await ada.isAt("/");
    await ada.sees("401 UNAUTHORIZED");
    await ada.seesNothingOf(ada.email);
    await ada.shows("gone-back");
    await ada.goesBack(1); // to the settings, which want somebody
    await ada.isAt("/auth/sign-in");
    await ada.seesNothingOf(ada.email);

    // Whoever kept the cookie has kept nothing.
    await ada.context.addCookies([cookie]);
    assert.deepEqual(await ada.calls("/api/me"), { status: 401, code: "UNAUTHORIZED" });
    await ada.isOut();
  },

  "an answer of the application is not shown again after sign-out": async (world) => {
    const ada = await world.member("ada");
    const tab = await ada.tab();
    await ada.opens(`${world.stack.postern}/api/headers`);
    await ada.page.getByText(ada.email).waitFor();
    await ada.opens("/");
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
    await tab.opens("/auth/sign-out");
    await tab.isAt("/auth/sign-in");
    await ada.goesBack(1);
    await ada.page.getByText('"UNAUTHORIZED"').waitFor();
    await ada.seesNothingOf(ada.email);
    await ada.shows("gone-back");
  },

  "a wrong password shows what is wrong, and keeps out": async (world) => {
    const ada = await world.member("ada");
    const somewhere = await world.elsewhere(ada);
    await somewhere.signsIn({ password: "not the password" });
    await somewhere.sees("Invalid email or password");
    await somewhere.shows("refused");
    await somewhere.isAt("/auth/sign-in");
    await somewhere.isOut();

    const nobody = await world.visitor("nobody");
    await nobody.signsIn();
    await nobody.sees("Invalid email or password");

    await somewhere.signsIn();
    await somewhere.isAt("/");
    await somewhere.sees(`200 ${ada.name} <${ada.email}>`);
  },

  "remembered is a week, not remembered is until the browser closes": async (world) => {
    const ada = await world.member("ada");
    const cafe = await world.elsewhere(ada);
    await cafe.signsIn();
    await cafe.sees(`200 ${ada.name} <${ada.email}>`);
    assert.equal((await cafe.cookie("session_token")).expires, -1);

    const home = await world.elsewhere(ada);
    await home.opens("/auth/sign-in");
    await home.page.getByRole("checkbox", { name: "Remember me" }).check();
    await home.fills({ Email: ada.email, Password: ada.password });
    await home.shows("remember-me");
    await home.presses("Login");
    await home.sees(`200 ${ada.name} <${ada.email}>`);
    const left = (await home.cookie("session_token")).expires - Date.now() / 1000;
    assert.ok(left > 6 * day && left <= 7 * day, `the cookie lives for ${left} s`);
  },

  "a page for users leads to sign-in and back": async (world) => {
    const ada = await world.member("ada");
    const home = await world.elsewhere(ada);
    await home.opens("/account/security");
    await home.isAt("/auth/sign-in");
    await home.fills({ Email: ada.email, Password: ada.password });
    await home.presses("Login");
    await home.isAt("/account/security");
    await home.sees("Current Session");
    await home.shows("back");
  },

  "no script of the page can read the session": async (world) => {
    const ada = await world.member("ada");
    const { httpOnly, value } = await ada.cookie("session_token");
    assert.equal(httpOnly, true);
    const seen = await ada.page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!seen.includes(value) && !seen.includes(decodeURIComponent(value).split(".")[0]), seen);
  },
};
