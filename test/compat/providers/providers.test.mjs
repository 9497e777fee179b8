// The fakes must complain about every careless client, and about none that does as the standards say.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { decodeJwt, importPKCS8, SignJWT } from "jose";
import { consent, planFor } from "./consent.mjs";
import { idToken, known, startProviders } from "./start.mjs";

const callbackBase = "http://localhost:3000/api/auth/callback";
const verifier = "v".repeat(64);
const random = () => randomBytes(24).toString("base64url");

let providers;
before(async () => (providers = await startProviders({ callbackBase })));
after(() => providers.stop());

async function secretOf({ id, clientSecret, clientID, issuer }, life = "30d") {
  if (id !== "apple") return clientSecret;
  const { teamID, keyID, privateKey } = known.apple.credentials;
  const key = await importPKCS8(privateKey, "ES256");
  return new SignJWT().setProtectedHeader({ alg: "ES256", kid: keyID }).setIssuer(teamID).setSubject(clientID).setAudience(issuer).setIssuedAt().setExpirationTime(life).sign(key);
}

function authorizationURL(provider, changes = {}) {
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const parameters = {
    response_type: provider.responseType ?? "code",
    response_mode: provider.responseMode,
    client_id: provider.clientID,
    state: random() + "x".repeat(8),
    scope: provider.scopes.join(" "),
    redirect_uri: `${callbackBase}/${provider.id}`,
    ...(provider.challenge && { code_challenge_method: "S256", code_challenge: challenge }),
    ...(provider.nonce && { nonce: random() }),
    ...changes,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `${provider.endpoints.authorize.url}?${new URLSearchParams(given)}`;
}

const plan = (provider, changes) => planFor({ slug: "s" }, provider.person({ number: "12345678901234567890", name: "Ada", email: "ada@people.test" }), changes);

/** A code, from a person who agrees. */
async function codeFor(provider, changes) {
  const { url, form } = await consent(providers, authorizationURL(provider), plan(provider, changes));
  return new URLSearchParams(form ?? new URL(url).search).get("code");
}

async function post(provider, changes, { headers, url = provider.endpoints.token.url } = {}) {
  const fields = { client_id: provider.clientID, client_secret: await secretOf(provider), ...changes };
  const body = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined));
  const answer = await fetch(providers.at(url), { method: "POST", body, headers: { accept: "application/json", ...headers } });
  return answer.json();
}

const redeeming = (provider, code) => ({
  grant_type: "authorization_code",
  code,
  redirect_uri: `${callbackBase}/${provider.id}`,
  code_verifier: provider.challenge ? verifier : undefined,
});

/** What was complained about while `act` ran. */
async function complaintsOf(act) {
  const from = providers.complaints.length;
  await act();
  return providers.complaints.slice(from).map(({ text }) => text);
}

const assertComplaint = (complaints, pattern) => assert.ok(complaints.some((text) => pattern.test(text)), `${pattern} not in ${JSON.stringify(complaints)}`);

for (const provider of Object.values(known)) {
  test(`${provider.id} has no complaint about a careful client`, async () => {
    const complaints = await complaintsOf(async () => {
      const tokens = await post(provider, redeeming(provider, await codeFor(provider)));
      assert.ok(tokens.access_token);
      if (!tokens.refresh_token) return;
      const { access_token: next } = await post(provider, { grant_type: "refresh_token", refresh_token: tokens.refresh_token });
      assert.notEqual(next, tokens.access_token);
    });
    assert.deepEqual(complaints, []);
  });

  const careless = { client_id: "x", response_type: "token", redirect_uri: "https://evil.test", state: "short", scope: "none", ...(provider.challenge && { code_challenge_method: "plain", code_challenge: "short" }), ...(provider.nonce && { nonce: "x" }), ...(provider.responseMode && { response_mode: undefined }) };
  for (const [name, value] of Object.entries(careless)) {
    test(`${provider.id} complains about ${name} in an authorization request`, async () => {
      const complaints = await complaintsOf(() => consent(providers, authorizationURL(provider, { [name]: value }), plan(provider)));
      assertComplaint(complaints, new RegExp(name === "scope" ? "scope lacks" : name));
    });
  }

  const wrong = { grant_type: "implicit", redirect_uri: "https://evil.test", client_id: "x", client_secret: "x", code_verifier: "w".repeat(64) };
  for (const [name, value] of Object.entries(wrong)) {
    test(`${provider.id} complains about ${name} in a request for tokens`, async () => {
      const complaints = await complaintsOf(async () => post(provider, { ...redeeming(provider, await codeFor(provider)), [name]: value }));
      assertComplaint(complaints, new RegExp(name === "client_secret" ? "client.secret" : name));
    });
  }

  test(`${provider.id} gives tokens for a code once`, async () => {
    const code = await codeFor(provider);
    await post(provider, redeeming(provider, code));
    const complaints = await complaintsOf(async () => assert.ok((await post(provider, redeeming(provider, code))).error));
    assertComplaint(complaints, /redeemed twice/);
  });
}

test("a parameter given twice is complained about", async () => {
  const { google } = known;
  const twice = await complaintsOf(() => consent(providers, `${authorizationURL(google)}&scope=openid`, plan(google)));
  assertComplaint(twice, /scope is given more than once/);
});

test("a code of one provider is none of another's", async () => {
  const code = await codeFor(known.google);
  assert.ok((await post(known.github, redeeming(known.github, code))).error);
});

test("a refresh token that was replaced is refused", async () => {
  const { google } = known;
  const { refresh_token: first } = await post(google, redeeming(google, await codeFor(google, { rotates: true })));
  const refresh = (token) => post(google, { grant_type: "refresh_token", refresh_token: token });
  assert.notEqual((await refresh(first)).refresh_token, first);
  const complaints = await complaintsOf(async () => assert.equal((await refresh(first)).error, "invalid_grant"));
  assertComplaint(complaints, /redeemed twice/);
});

test("apple wants a secret that expires within six months", async () => {
  const { apple } = known;
  const secret = await secretOf(apple, "1y");
  const complaints = await complaintsOf(async () => post(apple, { ...redeeming(apple, await codeFor(apple)), client_secret: secret }));
  assertComplaint(complaints, /six months/);
});

test("github answers a form to who does not ask for JSON, and wants a User-Agent", async () => {
  const { github } = known;
  const complaints = await complaintsOf(async () => {
    await assert.rejects(post(github, redeeming(github, await codeFor(github)), { headers: { accept: "*/*" } }));
    const { access_token: token } = await post(github, redeeming(github, await codeFor(github)));
    const answer = await fetch(providers.at(github.endpoints.user.url), { headers: { authorization: `Bearer ${token}`, "user-agent": "" } });
    assert.equal(answer.status, 403);
  });
  assertComplaint(complaints, /accept/);
  assertComplaint(complaints, /user-agent/);
});

test("whoever asks at an address that nobody has is complained about", async () => {
  assertComplaint(await complaintsOf(() => fetch(providers.at("https://evil.test/token"))), /no provider has this endpoint/);
});

test("an ID token says what the plan says", async () => {
  const { google } = known;
  const claims = decodeJwt(await idToken(providers, "google", plan(google, { claims: ({ email, ...others }) => ({ ...others, hd: "x.test" }) }), "n"));
  assert.equal(claims.iss, "https://accounts.google.com");
  assert.equal(claims.aud, google.clientID);
  assert.equal(claims.hd, "x.test");
  assert.equal(claims.nonce, "n");
  assert.equal("email" in claims, false);
});
