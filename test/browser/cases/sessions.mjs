// One user at several devices.

import assert from "node:assert/strict";
import { devices } from "playwright-core";

export const cases = {
  "a device that is revoked is out with its next request": async (world) => {
    const ada = await world.member("ada");
    const phone = await world.elsewhere(ada, devices["iPhone 15"]);
    await phone.signsIn();
    await phone.sees(`200 ${ada.name} <${ada.email}>`);

    await ada.opens("/account/security");
    await ada.sees("Current Session");
    const cell = ada.page.locator('[data-slot="card"]').filter({ hasText: "iOS, Safari" }).last();
    await cell.waitFor();
    await ada.shows("two-devices");
    await ada.presses("Revoke", cell);
    await cell.waitFor({ state: "detached" });
    await ada.sees("Current Session");
    await ada.shows("revoked");

    assert.deepEqual(await phone.calls("/api/me"), { status: 401, code: "UNAUTHORIZED" });
    await phone.opens("/account/settings");
    await phone.isAt("/auth/sign-in");
    await phone.seesNothingOf(ada.email);
    await phone.isOut();
    await ada.isIn();
  },

  "a session ended elsewhere takes its tabs along": async (world) => {
    const ada = await world.member("ada");
    const tab = await ada.tab();
    await tab.isIn();
    await ada.picks("Sign Out");
    await ada.isAt("/auth/sign-in");
    assert.deepEqual(await tab.calls("/api/tasks"), { status: 401, code: "UNAUTHORIZED" });
    await tab.isOut();
  },
};
