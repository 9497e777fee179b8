// Coming back from the provider: the state, the errors and where they lead.

import { failure } from "../providers/answers.mjs";
import { begun, signIn, without } from "../lib/social.mjs";

export const profile = "social";

const cookieName = "better-auth.state";

/** A flow that has begun: {browser, callback, state}. */
async function begin(world, provider = "google", { body, ...changes } = {}) {
  const browser = world.browser();
  const url = begun(await browser.client.signIn.social({ provider, callbackURL: "/app", errorCallbackURL: "/oops?from=social", ...body }), provider);
  const callback = await world.consent(url, world.person(provider), changes);
  return { browser, callback, state: new URL(url).searchParams.get("state") };
}

const form = { "content-type": "application/x-www-form-urlencoded" };

export const scenarios = {
  "without a state there is no flow": async (world) => {
    for (const query of ["", "?code=x", "?state=", "?state=&code=x", "?error=access_denied", "?error=access_denied&error_description=No", "?iss=https://accounts.google.com&code=x"]) {
      await world.get(`/callback/google${query}`);
    }
    await world.get("/callback/nope?code=x");
  },

  "an unknown state ends at the default error page": async (world) => {
    for (const state of ["x", "A".repeat(32), "a%00b", "%FF", "%27%20or%201%3D1--", "x".repeat(3000)]) {
      await world.get(`/callback/google?code=x&state=${state}`);
    }
    await world.get("/callback/google?error=access_denied&state=x");
    await world.get("/callback/nope?code=x&state=x");
  },

  "a state works once": async (world) => {
    const { browser, callback } = await begin(world);
    await browser.follow(callback);
    await browser.follow(callback);
    await browser.client.getSession();
    await world.rows();
  },

  "a state works in the browser that began and in no other": async (world) => {
    const { browser, callback } = await begin(world);
    await world.browser().follow(callback);
    await world.rows();
    await browser.follow(callback);
    await world.rows();
  },

  "a state wants its own cookie": async (world) => {
    const { browser, callback, state } = await begin(world);
    const other = await begin(world);
    const signed = decodeURIComponent(browser.jar.get(cookieName));
    const flipped = `${state}${signed[32]}${signed[33] === "A" ? "B" : "A"}${signed.slice(34)}`;
    const cookies = [
      `${cookieName}=${other.browser.jar.get(cookieName)}`, `${cookieName}=${state}`, `${cookieName}=${state}.`, `${cookieName}=${flipped}`,
      `__Secure-${cookieName}=${browser.jar.get(cookieName)}`, `${cookieName}=`, `${cookieName}=%zz`, `${cookieName.toUpperCase()}=${signed}`,
    ];
    for (const cookie of cookies) await world.get(callback.url.slice("http://localhost:3000".length), { cookie });
    await world.rows();
    await world.get(callback.url.slice("http://localhost:3000".length), { cookie: `${cookieName}=${signed}` });
  },

  "a state that is too old is refused": async (world) => {
    const { browser, callback, state } = await begin(world);
    const past = String(Date.now() - 1000);
    await world.sql(`update verification set value = regexp_replace(value, '"expiresAt":\\d+', '"expiresAt":${past}') where identifier = $1`, `auth-state:${state}`);
    await browser.follow(callback);
    await browser.follow(callback);
    await world.rows();
  },

  "the age of the row does not matter": async (world) => {
    const { browser, callback, state } = await begin(world);
    await world.sql(`update verification set "expiresAt" = now() - interval '1 second' where identifier = $1`, `auth-state:${state}`);
    await browser.follow(callback);
  },

  "a state in whose row something else stands is refused": async (world) => {
    for (const value of ["{}", "not json", '{"callbackURL":1}', "null"]) {
      const { browser, callback, state } = await begin(world);
      await world.sql(`update verification set value = $2 where identifier = $1`, `auth-state:${state}`, value);
      await browser.follow(callback);
    }
  },

  "a state does not serve another provider": async (world) => {
    const { browser, callback } = await begin(world);
    await browser.open(callback.url.replace("/callback/google", "/callback/github"));
    await browser.open(callback.url);
    await browser.client.getSession();
    await world.rows();
  },

  "a provider that is not configured is not found": async (world) => {
    const { browser, callback } = await begin(world);
    await browser.open(callback.url.replace("/callback/google", "/callback/facebook"));
    const other = await begin(world, "google", { body: { errorCallbackURL: undefined } });
    await other.browser.open(other.callback.url.replace("/callback/google", "/callback/facebook"));
  },

  "the provider's own error is passed on": async (world) => {
    const errors = [
      { error: "access_denied" },
      { error: "access_denied", error_description: "The person said no & left <b>#1</b>" },
      { error: "temporarily_unavailable", error_description: "" },
      { error: "a b\"c", error_description: "é", error_uri: "https://evil.test" },
    ];
    for (const refuses of errors) {
      const { browser, callback } = await begin(world, "google", { refuses });
      await browser.follow(callback);
      const plain = await begin(world, "github", { refuses, body: { errorCallbackURL: undefined } });
      await plain.browser.follow(plain.callback);
    }
    await world.rows();
  },

  "an error goes before the code": async (world) => {
    const { browser, callback } = await begin(world, "google", { callback: (all) => ({ ...all, error: "server_error" }) });
    await browser.follow(callback);
    await world.rows();
  },

  "a callback wants a code": async (world) => {
    for (const callback of [without("code"), (all) => ({ ...all, code: "" })]) {
      const flow = await begin(world, "google", { callback });
      await flow.browser.follow(flow.callback);
    }
  },

  "a code that the provider refuses is invalid": async (world) => {
    for (const provider of ["google", "github", "apple", "microsoft", "discord", "acme"]) {
      const { browser, callback } = await begin(world, provider, { callback: (all) => ({ ...all, code: "wrong" }) });
      await browser.follow(callback);
    }
    for (const status of [400, 401, 403]) {
      const { browser, callback } = await begin(world, "google", { token: () => failure(status, { error: "invalid_grant", error_description: "Malformed auth code." }) });
      await browser.follow(callback);
    }
    await world.rows();
  },

  "errors join the query of errorCallbackURL, before its fragment": async (world) => {
    for (const errorCallbackURL of ["/oops", "/oops?a=b", "/oops?a=b&", "/oops#frag", "/oops?error=mine#f", "https://app.example.test/e?x", "http://localhost:3000", "/é", "", undefined]) {
      const { browser, callback } = await begin(world, "google", { refuses: { error: "access_denied", error_description: "No" }, body: { errorCallbackURL } });
      await browser.follow(callback);
    }
  },

  "a parameter given twice is refused": async (world) => {
    const { browser, callback } = await begin(world);
    for (const more of ["&state=x", "&code=x", "&error=a&error=b", "&iss=a&iss=b", "&user=a&user=b"]) await browser.open(`${callback.url}${more}`);
    await browser.open(`${callback.url}&unknown=1&unknown=2`);
  },

  "no parameter leads elsewhere": async (world) => {
    const { browser, callback } = await begin(world);
    await browser.open(`${callback.url}&callbackURL=https%3A%2F%2Fevil.test&errorCallbackURL=https%3A%2F%2Fevil.test&redirectTo=https%3A%2F%2Fevil.test`);
    await browser.client.getSession();
  },

  "an issuer that is told has to be the provider's": async (world) => {
    for (const provider of ["google", "github", "acme"]) {
      for (const iss of ["https://evil.test", "", "https://accounts.google.com"]) {
        const { browser, callback } = await begin(world, provider, { callback: (all) => ({ ...all, iss }) });
        await browser.follow(callback);
      }
    }
    const { browser, callback } = await begin(world, "acme", { callback: (all) => ({ ...all, iss: world.target.providers.issuer("acme") }) });
    await browser.follow(callback);
  },

  "a posted callback is asked for again by GET": async (world) => {
    const { browser, callback, state } = await begin(world);
    const code = new URL(callback.url).searchParams.get("code");
    await world.post("/callback/google", `code=${code}&state=${state}&unknown=1&scope=a`, { headers: form });
    await world.post("/callback/google", { code: "x", state: "y", user: '{"name":"é &"}', error: "e", error_description: "d", device_id: "1", iss: "i" });
    await world.post("/callback/google?state=fromQuery&code=q", "state=fromBody&user=u", { headers: form });
    await world.post("/callback/google", undefined);
    await world.post("/callback/google", "", { headers: form });
    await world.post("/callback/nope", "code=1", { headers: form });
    await browser.open(callback.url);
    await browser.client.getSession();
  },

  "a posted callback has to be one": async (world) => {
    await world.post("/callback/google", "code=a&code=b", { headers: form });
    await world.post("/callback/google", { code: 1 });
    await world.post("/callback/google", []);
    await world.post("/callback/google", "null");
    await world.post("/callback/google", "x", { headers: { "content-type": "text/plain" } });
    await world.post("/callback/google", "{");
    for (const method of ["PUT", "HEAD", "DELETE"]) await world.request(method, "/callback/google");
    await world.get("/callback");
    await world.get("/callback/");
    await world.get("/callback/google/more");
  },

  "a posted callback of another site's page needs no Origin of ours": async (world) => {
    const headers = { ...form, origin: "https://appleid.apple.com", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    await world.post("/callback/apple", "code=x&state=y", { headers });
    await world.post("/callback/apple", "code=x&state=y", { headers: { ...headers, cookie: "a=b" } });
    await world.post("/callback/apple", "code=x&state=y", { headers: { ...headers, origin: "null", cookie: "a=b" } });
  },

  "whoever is signed in comes back as the person at the provider": async (world) => {
    const { browser, callback } = await begin(world);
    await world.quietly(() => signIn(world, browser, "github", world.person("github", "grace")));
    await browser.follow(callback);
    await browser.client.getSession();
    await world.rows();
  },
};
