// The page that describes the auth API, where each endpoint can be tried.

import assert from "node:assert/strict";
import { fits, isAccessible } from "../lib/axe.mjs";

/** Opens an endpoint by the address, fills in fields, sends, and returns what is shown. */
async function tries(person, id, fields, expected) {
  await person.opens(`/api/auth/reference#${id}`);
  const operation = person.page.locator(`#${id}`);
  for (const [label, value] of Object.entries(fields)) await operation.getByLabel(label, { exact: true }).fill(value);
  await person.presses("Send", operation);
  await operation.getByRole("status").getByText(expected).waitFor();
}

export const cases = {
  "each endpoint has a form that sends it": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/api/auth/reference");
    await ada.page.getByLabel("Find").waitFor(); // which comes with the forms
    const [endpoints, forms] = await ada.page.evaluate(() => [".operation", ".operation form.try"].map((s) => document.querySelectorAll(s).length));
    assert.ok(endpoints > 40, `${endpoints} endpoints`);
    assert.equal(forms, endpoints);
    await isAccessible(ada.page);
    await ada.page.setViewportSize({ width: 360, height: 800 });
    await fits(ada.page);
    await ada.page.setViewportSize({ width: 1280, height: 900 });

    await ada.fills({ Find: "change-email" });
    assert.equal(await ada.page.locator(".operation:visible").count(), 1);
    await ada.shows("found");

    await tries(ada, "signUpWithEmailAndPassword", {
      "name in body (required)": ada.name,
      "email in body (required)": ada.email,
      "password in body (required)": ada.password,
    }, "200 OK");
    await tries(ada, "getSession", {}, ada.email);
    await isAccessible(ada.page);
    await ada.shows("answered");
    await tries(ada, "signOut", {}, '"success": true');
    await tries(ada, "signInEmail", { "email in body (required)": ada.email, "password in body (required)": "not it" }, "INVALID_EMAIL_OR_PASSWORD");
  },
};
