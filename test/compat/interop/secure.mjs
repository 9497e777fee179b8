// The same behind an https address.

import assert from "node:assert/strict";

export const profile = "secure";

export const scenarios = {
  "a __Secure- cookie is accepted": async ({ here, there }) => {
    const ada = await here.member();
    const { text } = await there.get("/get-session", { cookie: ada.jar.header() });
    assert.equal(JSON.parse(text).user.email, ada.email);
  },
};
