// An app on the person's device has the ID token already and shows it instead of a redirect.

import { createHash } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { KeyRing } from "../providers/keys.mjs";
import { accountOf, friend, having, without } from "../lib/social.mjs";

export const profile = "social";

const now = () => Math.floor(Date.now() / 1000);

/** Shows an ID token of the person's, or of what `changes` make of it. */
async function show(world, browser, provider, person, { nonce, body, path = "/sign-in/social", ...changes } = {}) {
  const token = await world.idToken(provider, person, changes, nonce);
  return browser.post(path, { provider, ...body, idToken: { token, ...body?.idToken } });
}

const supported = ["google", "apple", "microsoft", "acme"];

// What may be wrong with a token, whoever made it out.
const wrong = (provider) => ({
  "another issuer": { claims: having({ iss: "https://evil.test" }) },
  "another audience": { claims: having({ aud: "somebody-else" }) },
  "no audience": { claims: without("aud") },
  "no issuer": { claims: without("iss") },
  "no subject": { claims: without("sub") },
  "no issue time": { claims: having({ iat: undefined }) },
  "no expiry": { claims: having({ exp: undefined }) },
  expired: { claims: having({ exp: now() - 60, iat: now() - 3600 }) },
  "expired within the tolerance": { claims: having({ exp: now() - 10, iat: now() - 610 }) },
  "issued in the future": { claims: having({ iat: now() + 600, exp: now() + 4000 }) },
  "issued more than an hour ago": { claims: having({ iat: now() - 3700, exp: now() + 600 }) },
  "not valid yet": { claims: having({ nbf: now() + 600 }) },
  "an expiry that is a text": { claims: having({ exp: `${now() + 600}` }) },
  "an unknown key": { header: { kid: `${provider}-9` } },
  "no key id": { header: { kid: undefined } },
  "a stranger's key": { header: { signedBy: new KeyRing("evil") } },
  "another algorithm": { header: { kid: `${provider}-1`, alg: "RS512" } },
  "an unknown critical header": { header: { crit: ["urn:x"], "urn:x": true } },
});

export const scenarios = {
  "somebody new signs in, and again": async (world) => {
    for (const provider of supported) {
      const browser = world.browser();
      const person = world.person(provider, provider);
      await browser.client.signIn.social({ provider, idToken: { token: await world.idToken(provider, person) } });
      await browser.client.getSession();
      await show(world, world.browser(), provider, person);
    }
    await world.rows();
    await world.mails();
  },

  "tokens beside it are kept": async (world) => {
    const ada = world.person("google");
    const idToken = { accessToken: "an access token", refreshToken: "a refresh token", expiresAt: now() + 3600 };
    await show(world, world.browser(), "google", ada, { body: { idToken, scopes: ["calendar"], callbackURL: "/app", newUserCallbackURL: "/welcome", errorCallbackURL: "/oops", disableRedirect: false, loginHint: "x" } });
    await world.rows();
    await show(world, world.browser(), "google", ada, { body: { idToken: { accessToken: "another" } } });
    await world.rows();
  },

  ...Object.fromEntries(
    supported.map((provider) => [
      `a wrong token of ${provider}'s is refused`,
      async (world) => {
        for (const [what, changes] of Object.entries(wrong(provider))) {
          world.note("what is wrong", what);
          await show(world, world.browser(), provider, world.person(provider), changes);
        }
        await world.rows();
      },
    ]),
  ),

  "what is no token is refused": async (world) => {
    const good = await world.idToken("google", world.person("google"));
    const [header, claims, signature] = good.split(".");
    const symmetric = await new SignJWT({ sub: "1" }).setProtectedHeader({ alg: "HS256", kid: "google-1" }).setIssuedAt().setExpirationTime("1h").sign(Buffer.from("x".repeat(32)));
    const unsigned = new UnsecuredJWT({ sub: "1" }).setIssuedAt().setExpirationTime("1h").encode();
    const tokens = ["", "x", "a.b", "a.b.c", `${header}.${claims}.`, `${header}.${claims}`, `${header}..${signature}`, `${good}x`, `${good}.x`, ` ${good}`, symmetric, unsigned, "x".repeat(100_000)];
    for (const token of tokens) {
      for (const provider of ["google", "apple"]) await world.post("/sign-in/social", { provider, idToken: { token } });
    }
  },

  "providers without ID tokens take none": async (world) => {
    const ada = await world.member();
    const token = await world.idToken("google", world.person("google"));
    for (const provider of ["github", "discord"]) {
      await world.post("/sign-in/social", { provider, idToken: { token } });
      await ada.post("/link-social", { provider, idToken: { token } });
    }
  },

  "a token of one provider does not serve at another": async (world) => {
    const token = await world.idToken("google", world.person("google"));
    for (const provider of ["apple", "microsoft", "acme"]) await world.post("/sign-in/social", { provider, idToken: { token } });
  },

  "an audience may be one of several": async (world) => {
    for (const [provider, id] of [["google", "407408718192.apps.googleusercontent.com"], ["acme", "acme-client"]]) {
      await show(world, world.browser(), provider, world.person(provider, provider), { claims: having({ aud: ["another", id] }) });
    }
    await show(world, world.browser(), "google", world.person("google"), { claims: having({ aud: [] }) });
    await show(world, world.browser(), "google", world.person("google"), { claims: having({ azp: "somebody-else" }) });
  },

  "google's issuer has two spellings": async (world) => {
    for (const iss of ["accounts.google.com", "https://accounts.google.com", "https://accounts.google.com/", "http://accounts.google.com", "ACCOUNTS.google.com"]) {
      await show(world, world.browser(), "google", world.person("google"), { claims: having({ iss }) });
    }
  },

  "a nonce is compared if the app tells one": async (world) => {
    const ada = world.person("google");
    for (const [told, nonce] of [["n1", "n1"], ["n1", "n2"], ["n1", undefined], [undefined, "n1"], ["", "n1"]]) {
      await show(world, world.browser(), "google", ada, { nonce, body: { idToken: { nonce: told } } });
    }
  },

  "apple's nonce may be hashed": async (world) => {
    const ada = world.person("apple");
    const hash = (text) => createHash("sha256").update(text).digest("hex");
    for (const nonce of ["n1", hash("n1"), hash("n1").toUpperCase(), hash("n2")]) {
      for (const provider of ["apple", "google"]) {
        const person = provider === "apple" ? ada : world.person("google");
        await show(world, world.browser(), provider, person, { nonce, body: { idToken: { nonce: "n1" } } });
      }
    }
  },

  "apple's name comes beside the token": async (world) => {
    const user = { name: { firstName: "Ada", lastName: "Lovelace" }, email: "evil@people.test" };
    await show(world, world.browser(), "apple", world.person("apple"), { body: { idToken: { user } } });
    await show(world, world.browser(), "google", world.person("google", "grace"), { body: { idToken: { user } } });
    await world.rows();
  },

  "the tenant has to be the issuer's": async (world) => {
    const other = "9188040d-6c67-4c5b-b112-36a304b66dad";
    const ada = world.person("microsoft");
    for (const members of [{ tid: other }, { tid: undefined }, { tid: other, iss: `https://login.microsoftonline.com/${other}/v2.0` }, { iss: "https://login.microsoftonline.com/common/v2.0" }]) {
      await show(world, world.browser(), "microsoft", ada, { claims: having(members) });
    }
    await world.rows();
  },

  "no address, no user": async (world) => {
    for (const provider of supported) {
      await show(world, world.browser(), provider, world.person(provider, provider), { claims: without("email") });
      await show(world, world.browser(), provider, world.person(provider, provider), { claims: having({ email: "" }) });
    }
    await world.rows();
  },

  "an address that is not verified": async (world) => {
    const stranger = await world.stranger("stranger");
    const member = await world.member("member");
    for (const provider of ["google", "apple"]) {
      for (const { email } of [stranger, member, { email: world.address(provider) }]) {
        await show(world, world.browser(), provider, world.person(provider, email, { email, verified: false }), { body: { callbackURL: "/app" } });
        await show(world, world.browser(), provider, world.person(provider, email, { email, verified: true }));
      }
    }
    await world.rows();
    await world.mails();
  },

  "an account is linked by its token": async (world) => {
    const ada = await world.member();
    for (const provider of supported) {
      await ada.client.linkSocial({ provider, callbackURL: "/settings", idToken: { token: await world.idToken(provider, world.person(provider)), accessToken: "a", refreshToken: "r" } });
    }
    await show(world, ada, "google", world.person("google"), { path: "/link-social", body: { idToken: { accessToken: "b" } } });
    await ada.client.listAccounts();
    await ada.client.getSession();
    await world.rows();
  },

  "an account is not linked by just any token": async (world) => {
    const ada = await world.member();
    const grace = await friend(world, "google", "grace");
    const attempt = (provider, person, changes) => show(world, ada, provider, person, { path: "/link-social", ...changes });
    await attempt("google", world.person("google", "countess"));
    await attempt("google", grace.person);
    await attempt("google", { ...grace.person, email: ada.email });
    await attempt("google", world.person("google"), { claims: having({ aud: "x" }) });
    await attempt("google", world.person("google"), { claims: without("email") });
    await attempt("google", world.person("google"), { claims: having({ sub: "" }) });
    await attempt("apple", world.person("apple", "ada", { verified: false }));
    await attempt("google", world.person("google"), { nonce: "n1", body: { idToken: { nonce: "n2" } } });
    await attempt("google", world.person("google", "ada", { verified: false }));
    await world.rows();
  },

  "linking by token wants a session": async (world) => {
    await show(world, world.browser(), "google", world.person("google"), { path: "/link-social" });
    await world.rows();
  },

  "tokens that an app brought are told back": async (world) => {
    const ada = world.browser();
    await show(world, ada, "google", world.person("google"), { body: { idToken: { accessToken: "an access token" } } });
    const { id } = await accountOf(world, ada, "google");
    await ada.client.getAccessToken({ accountId: id });
    await ada.client.refreshToken({ accountId: id });
    await ada.client.accountInfo({ query: { accountId: id } });
  },
};
