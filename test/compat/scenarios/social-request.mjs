// What sign-in/social sends a person to the provider with, and what it keeps for the callback.

import { having, signIn } from "../lib/social.mjs";

export const profile = "social";

const ask = (world, body) => world.post("/sign-in/social", body);

export const scenarios = {
  "each provider has its own authorization request": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) await ask(world, { provider, callbackURL: "/app" });
    await world.rows();
  },

  "all that is asked for is kept for the callback": async (world) => {
    await ask(world, { provider: "google" });
    await ask(world, {
      provider: "google",
      callbackURL: "/app?a=b#c",
      newUserCallbackURL: "/welcome",
      errorCallbackURL: "/oops?x=y",
      requestSignUp: true,
      additionalData: { plan: "gold", nested: { list: [1, "two", null, true] } },
      disableRedirect: true,
      scopes: ["a"],
      loginHint: "ada@people.test",
    });
    await ask(world, { provider: "google", callbackURL: "", errorCallbackURL: "", newUserCallbackURL: "", requestSignUp: false, additionalData: {} });
    await world.rows();
  },

  "additionalData does not reach what the server keeps": async (world) => {
    const forged = {
      callbackURL: "https://evil.test",
      codeVerifier: "x".repeat(43),
      errorURL: "https://evil.test",
      newUserURL: "https://evil.test",
      expiresAt: 4102444800000,
      oauthState: "x".repeat(32),
      requestSignUp: true,
      idTokenNonce: "x".repeat(32),
      link: { userId: "x", email: "x@people.test" },
      serverContext: { x: 1 },
      harmless: 1,
    };
    const ada = world.browser();
    const { text } = await ada.post("/sign-in/social", { provider: "google", callbackURL: "/app", additionalData: forged });
    await world.rows();
    await ada.follow(await world.consent(JSON.parse(text).url, world.person("google")));
    await world.rows();
  },

  "scopes are appended to the provider's": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      await ask(world, { provider, scopes: ["calendar", "https://scopes.test/a b", "openid", "é&="] });
    }
    await ask(world, { provider: "google", scopes: [] });
    await ask(world, { provider: "google", scopes: ["", "email"] });
  },

  "loginHint goes to those who take one": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) await ask(world, { provider, loginHint: "ada+x@people.test" });
    await ask(world, { provider: "google", loginHint: "" });
  },

  "additionalParams join the request": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      await ask(world, { provider, additionalParams: { empty: "", hd: "people.test", prompt: "select_account", "x y": "a&b=c" } });
    }
    await ask(world, { provider: "google", additionalParams: { access_type: "offline", include_granted_scopes: "false" } });
    await ask(world, { provider: "google", additionalParams: {} });
  },

  "additionalParams do not replace what protects the request": async (world) => {
    for (const name of ["state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce", "scope"]) {
      await ask(world, { provider: "google", additionalParams: { [name]: "x", other: "y" } });
    }
    for (const name of ["State", "response_mode", "login_hint", "constructor", "claims", "request", "request_uri"]) {
      await ask(world, `{"provider":"google","additionalParams":{"${name}":"x"}}`);
    }
    await world.rows();
  },

  "disableRedirect leaves out Location": async (world) => {
    for (const disableRedirect of [true, false, undefined]) await ask(world, { provider: "github", disableRedirect });
  },

  "a provider that is not configured is unknown": async (world) => {
    for (const provider of ["facebook", "nope", "Google", "", "google ", "credential", "__proto__", "constructor", "0", "length"]) {
      await ask(world, { provider, callbackURL: "/app" });
      await ask(world, { provider, idToken: { token: "x" } });
    }
    await world.rows();
  },

  "every place a person may be sent to has to be trusted": async (world) => {
    for (const member of ["callbackURL", "errorCallbackURL", "newUserCallbackURL"]) {
      for (const target of ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "nope", "http://localhost:3000@evil.test", "/ok", "https://a.wild.test/x"]) {
        await ask(world, { provider: "google", [member]: target });
      }
    }
    await world.rows();
  },

  "a page of another origin does not begin for a browser with cookies": async (world) => {
    const body = { provider: "google", callbackURL: "/app" };
    const ada = await world.quietly(async () => {
      const browser = world.browser();
      await signIn(world, browser, "google", world.person("google"));
      return browser;
    });
    for (const origin of ["https://evil.test", "null", "https://app.example.test"]) await ada.post("/sign-in/social", body, { headers: { origin } });
    for (const origin of ["https://evil.test", "null", undefined]) await world.post("/sign-in/social", body, { headers: { origin } });
    const metadata = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    await world.post("/sign-in/social", body, { headers: metadata });
  },

  "only JSON, and only by POST": async (world) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await world.post("/sign-in/social", "provider=google&callbackURL=%2F", { headers });
    await world.post("/sign-in/social", '{"provider":"google"}', { headers: { "content-type": "text/plain" } });
    await world.post("/sign-in/social", "{");
    for (const method of ["GET", "PUT", "HEAD"]) await world.request(method, "/sign-in/social");
    await world.post("/sign-in/social?provider=google", {});
  },

  "an attempt in the same browser voids the one before": async (world) => {
    const ada = world.browser();
    const start = async () => (await ada.client.signIn.social({ provider: "google", callbackURL: "/app", errorCallbackURL: "/oops" })).data.url;
    const [first, second] = [await start(), await start()];
    await ada.follow(await world.consent(first, world.person("google")));
    await ada.follow(await world.consent(second, world.person("google")));
    await ada.follow(await world.consent(first, world.person("google")));
    await world.rows();
  },

  "somebody who is signed in may begin as well": async (world) => {
    const ada = world.browser();
    await world.quietly(() => signIn(world, ada, "google", world.person("google")));
    await ada.post("/sign-in/social", { provider: "github", callbackURL: "/app" });
    await ada.client.getSession();
  },

  "an ID token asked for by redirect carries the nonce that was asked for": async (world) => {
    const attempt = (claims) => signIn(world, world.browser(), "acme", world.person("acme"), { claims });
    for (const nonce of ["another", "", null, 1]) await attempt(having({ nonce }));
    await attempt(({ nonce, ...claims }) => claims);
    await attempt(having({}));
    await world.rows();
  },
};
