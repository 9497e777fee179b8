// A page that nobody trusts, on a host of the same site: browsers send it the cookie's owner, cookie included.

import assert from "node:assert/strict";

export const cases = {
  "a page that is not trusted can neither act nor read in a user's name": async (world) => {
    const ada = await world.member("ada");
    const stranger = world.stack.page.replace("//www.", "//evil.");
    const tab = await ada.tab();
    tab.trusts.add(stranger);
    await tab.opens(`${stranger}/deployment.js`); // anything will do that runs no script of its own

    const sent = tab.page.waitForResponse(`${world.stack.postern}/api/tasks`);
    await tab.sends("/api/tasks", '{"title": "planted"}');
    assert.equal((await sent).status(), 403); // without the cookie it would be 401

    const out = tab.page.waitForResponse(`${world.stack.postern}/api/auth/sign-out`);
    await tab.sends("/api/auth/sign-out");
    assert.equal((await out).status(), 403);

    await assert.rejects(tab.calls("/api/me"), /Failed to fetch/);

    await ada.isIn();
    await ada.fills({ "New task": "Planned" });
    await ada.presses("Add");
    await ada.sees("Planned");
    await ada.seesNothingOf("planted");
  },
};
