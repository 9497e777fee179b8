// Bodies that the social endpoints do not want: each member with each wrong type, and members too many.

export const profile = "social";

const values = [null, 1, true, "text", [], {}, [1], { a: 1 }, 0, ""];

const fields = {
  "/sign-in/social": ["provider", "callbackURL", "newUserCallbackURL", "errorCallbackURL", "disableRedirect", "idToken", "scopes", "requestSignUp", "loginHint", "additionalParams", "additionalData"],
  "/link-social": ["provider", "callbackURL", "errorCallbackURL", "disableRedirect", "idToken", "scopes", "requestSignUp", "loginHint", "additionalParams", "additionalData"],
  "/unlink-account": ["accountId"],
  "/get-access-token": ["accountId", "userId", "useAccountCookie"],
  "/refresh-token": ["accountId", "userId", "useAccountCookie"],
};

const inIDToken = ["token", "nonce", "accessToken", "refreshToken", "expiresAt", "user"];

// A body that nothing but its changed member is wrong with, and that has no effect.
const minimal = (path, member) => {
  if (path.endsWith("social")) return { provider: "nope" };
  return member === "useAccountCookie" ? {} : { accountId: "unknown" };
};

const each = (path, suffix, run) => [`the body of ${path.slice(1).replace("/", " ")}${suffix}`, run];

export const scenarios = {
  ...Object.fromEntries(
    Object.entries(fields).map(([path, members]) =>
      each(path, "", async (world) => {
        await world.post(path);
        for (const body of ["", "{}", "null", "[]", '"text"', "1", "{", "'{}'"]) await world.post(path, body);
        for (const member of members) {
          for (const value of values) await world.post(path, { ...minimal(path, member), [member]: value });
        }
        await world.post(path, { ...minimal(path), unknown: 1 });
        await world.post(path, { ...minimal(path), unknown: 1, another: {} });
        await world.post(path, JSON.stringify(minimal(path)), { headers: { "content-type": "text/plain" } });
        await world.post(path, "provider=google", { headers: { "content-type": "application/x-www-form-urlencoded" } });
      }),
    ),
  ),

  ...Object.fromEntries(
    ["/sign-in/social", "/link-social"].map((path) =>
      each(path, "'s idToken", async (world) => {
        for (const member of inIDToken) {
          for (const value of values) await world.post(path, { provider: "nope", idToken: { token: "x", [member]: value } });
        }
        for (const name of [null, 1, "text", [], {}, { firstName: 1 }, { lastName: null }]) await world.post(path, { provider: "nope", idToken: { token: "x", user: { name } } });
        for (const email of [null, 1, "not an address"]) await world.post(path, { provider: "nope", idToken: { token: "x", user: { email } } });
        await world.post(path, { provider: "nope", idToken: { token: "x", unknown: 1 } });
        for (const scopes of [["a", 1], [null], [[]], "a b"]) await world.post(path, { provider: "nope", scopes });
        for (const additionalParams of [{ a: 1 }, { a: null }, { a: ["b"] }, [], { state: 1 }]) await world.post(path, { provider: "nope", additionalParams });
      }),
    ),
  ),

  "all complaints are told at once, in order": async (world) => {
    await world.post("/sign-in/social", { provider: 1, callbackURL: "/", scopes: 1, additionalParams: { state: "x", a: 1 }, disableRedirect: "x", requestSignUp: 1, idToken: { nonce: 1 }, loginHint: 1, additionalData: 1 });
    await world.post("/link-social", { provider: 1, scopes: 1, additionalParams: { state: "x" }, disableRedirect: "x", requestSignUp: 1, idToken: { nonce: 1 }, loginHint: 1, additionalData: 1 });
    await world.post("/get-access-token", { accountId: 1, userId: 2, x: 3 });
    await world.post("/unlink-account", { accountId: [], x: 3 });
  },

  "the strict ones look at members after the Origin and before the session": async (world) => {
    for (const path of ["/get-access-token", "/refresh-token"]) {
      await world.post(path, { accountId: "x", unknown: 1 }, { headers: { origin: "https://evil.test", cookie: "a=b" } });
      await world.post(path, { accountId: "x", callbackURL: "https://evil.test" });
      await world.post(path, { accountId: "x", callbackURL: "/ok" });
      await world.post(path, { accountId: "x" });
    }
    for (const query of ["?accountId=x&unknown=1", "?accountId=x&callbackURL=/ok", "?accountId=x"]) await world.get(`/account-info${query}`);
  },
};
