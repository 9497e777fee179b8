// What providers answer on good and on bad days: the token endpoint, the ID token, and what they tell of the person.

import { elsewhere, failure, page, raw } from "../providers/answers.mjs";
import { KeyRing } from "../providers/keys.mjs";
import { having, signIn, without } from "../lib/social.mjs";

export const profile = "social";

/** Signs somebody new in for each of these changes to what the provider does; tells who that is then. */
async function eachOf(world, provider, changes) {
  for (const [index, change] of changes.entries()) {
    const { person: others, ...plan } = change;
    const browser = world.browser();
    await signIn(world, browser, provider, world.person(provider, `p${index}`, others), plan);
    await world.whois(browser);
  }
}

const claims = (...members) => members.map((member) => ({ claims: typeof member === "string" ? without(member) : having(member) }));

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const anHourAgo = () => Math.floor(Date.now() / 1000) - 3600;

export const scenarios = {
  "the token endpoint answers something else than tokens": async (world) => {
    const odd = [page(), page(502), raw(200, ""), raw(200, "{", "application/json"), raw(200, '"text"', "application/json"), raw(200, "[]", "application/json"), raw(200, "{}", "application/json")];
    await eachOf(world, "google", odd.map((answer) => ({ token: () => answer })));
    await eachOf(world, "github", odd.map((answer) => ({ token: () => answer })));
  },

  "a redirect of the token endpoint is not followed": async (world) => {
    for (const provider of ["google", "github"]) {
      await eachOf(world, provider, [{ token: () => elsewhere("https://api.github.com/user") }, { token: () => elsewhere("/login") }]);
    }
    world.asked();
  },

  "github tells errors with status 200": async (world) => {
    const error = { error: "bad_verification_code", error_description: "The code passed is incorrect or expired.", error_uri: "https://docs.github.com" };
    await eachOf(world, "github", [{ token: () => error }, { token: () => failure(400, error) }, { token: having(error) }]);
  },

  "tokens without expiry, scope or refresh token": async (world) => {
    const answers = [without("expires_in"), without("scope"), without("refresh_token"), without("token_type"), having({ scope: "" }), having({ scope: "  a   b " }), having({ scope: ["a", "b"] }), having({ expires_in: 0 }), having({ expires_in: "3599" }), having({ refresh_token_expires_in: 604800 }), having({ scope: "a,b" })];
    await eachOf(world, "google", answers.map((token) => ({ token })));
  },

  "an access token is not needed where the ID token says all": async (world) => {
    await eachOf(world, "google", [{ token: without("access_token") }, { token: without("id_token") }, { token: without("access_token", "id_token") }]);
    await eachOf(world, "github", [{ token: without("access_token") }]);
    await eachOf(world, "acme", [{ token: without("id_token") }, { token: without("access_token") }]);
  },

  "an ID token that is none": async (world) => {
    for (const id_token of ["x", "a.b.c", "", "eyJhbGciOiJub25lIn0.e30.", "..", 1, null]) {
      for (const provider of ["google", "acme"]) await signIn(world, world.browser(), provider, world.person(provider), { token: having({ id_token }) });
    }
  },

  "google leaves out a claim": async (world) => {
    await eachOf(world, "google", claims("sub", "email", "email_verified", "name", "picture", "given_name", "azp"));
  },

  "google's claims have other types": async (world) => {
    await eachOf(world, "google", claims({ email: null }, { email: "" }, { email_verified: "true" }, { email_verified: "false" }, { email_verified: 1 }, { email_verified: "yes" }, { email_verified: null }, { name: "" }, { name: null }, { picture: null }, { picture: "" }, { sub: "" }, { sub: " " }));
  },

  "addresses that no mail would reach": async (world) => {
    const odd = ["ada", "ada@evil@people.test", "ａda@people.test", "ada@people.test.", '"a b"@people.test', "ada@people", " ada@people.test", "ada@people.test\r\nbcc: x"];
    for (const email of odd) await signIn(world, world.browser(), "google", world.person("google", email, { email: email.replace("people.test", `${world.slug}.people.test`) }));
  },

  "a name may be anything": async (world) => {
    const names = ["<b>Ada</b>", "A\nB", "Ада 🙂", "x".repeat(255), "a\u0000b"];
    await eachOf(world, "google", names.map((name) => ({ person: { name } })));
  },

  "a discovered provider's ID token is verified": async (world) => {
    const foreign = new KeyRing("evil");
    await eachOf(world, "acme", [
      ...claims({ iss: "https://evil.test" }, { aud: "somebody-else" }, { aud: ["acme-client", "another"] }, "iss", "aud", "sub", "exp", "iat", { exp: anHourAgo() }, { iat: inAnHour(), exp: inAnHour() + 3600 }, { nbf: inAnHour() }),
      { header: { signedBy: foreign } },
      { header: { kid: "nope" } },
      { header: { kid: "acme-2" } },
      { header: { kid: undefined } },
    ]);
  },

  "a discovered provider tells the person at userinfo": async (world) => {
    const short = without("email", "email_verified", "name", "picture");
    await eachOf(world, "acme", [
      { claims: short },
      { claims: short, user: having({ email_verified: "true" }) },
      { claims: short, user: having({ sub: "somebody else" }) },
      { claims: short, user: without("sub") },
      { claims: short, user: without("email") },
      { claims: short, user: () => failure(401, { error: "invalid_token" }) },
      { claims: short, user: () => page() },
      { user: having({ sub: "somebody else", email: "else@people.test" }) },
      { token: without("id_token"), user: without("sub") },
    ]);
    world.asked();
  },

  "github keeps the address to itself": async (world) => {
    const hidden = having({ email: null });
    await eachOf(world, "github", [
      { user: hidden },
      { user: hidden, person: { verified: false } },
      { user: hidden, emails: () => [] },
      { user: hidden, emails: (all) => all.filter(({ primary }) => !primary) },
      { user: hidden, emails: (all) => [...all].reverse() },
      { user: hidden, emails: () => failure(404, { message: "Not Found" }) },
      { user: hidden, emails: () => page() },
      { emails: () => failure(403, { message: "Forbidden" }) },
      { emails: () => [] },
      { emails: (all) => all.map((one) => ({ ...one, verified: false })) },
      { user: having({ email: "" }) },
    ]);
  },

  "github's public address need not be the primary one": async (world) => {
    const email = world.address("public");
    await eachOf(world, "github", [
      { user: having({ email }), emails: (all) => [...all, { email, primary: false, verified: true, visibility: null }] },
      { user: having({ email: world.address("other") }), emails: (all) => [...all, { email: world.address("other"), primary: false, verified: false, visibility: null }] },
      { user: having({ email: world.address("third") }) },
    ]);
  },

  "github has bad days": async (world) => {
    await eachOf(world, "github", [
      { user: () => failure(401, { message: "Bad credentials" }) },
      { user: () => failure(403, { message: "API rate limit exceeded" }) },
      { user: () => page() },
      { user: () => ({}) },
      { user: without("id") },
      { user: having({ id: "583231" }) },
      { user: having({ id: null }) },
    ]);
  },

  "github's people have a name or a login": async (world) => {
    await eachOf(world, "github", [{ person: { name: undefined } }, { user: having({ name: "" }) }, { user: having({ name: null, login: "octocat" }) }, { user: without("name", "login", "avatar_url") }]);
  },

  "apple tells the name once, beside the ID token": async (world) => {
    const told = (user) => ({ callback: having({ user: typeof user === "string" ? user : JSON.stringify(user) }) });
    await eachOf(world, "apple", [
      told({ name: { firstName: "Ada", lastName: "Lovelace" }, email: "evil@people.test" }),
      told({ name: { firstName: "Ada" } }),
      told({ name: {} }),
      told({}),
      told("not json"),
      told(""),
      told("null"),
      told({ name: { firstName: 1, lastName: ["x"] } }),
    ]);
    const ada = world.person("apple", "again");
    await signIn(world, world.browser(), "apple", ada, told({ name: { firstName: "Ada", lastName: "Lovelace" } }));
    await signIn(world, world.browser(), "apple", ada, told({ name: { firstName: "Mallory" } }));
    await world.rows();
  },

  "apple hides addresses and says so in texts": async (world) => {
    await eachOf(world, "apple", claims({ email_verified: true }, { email_verified: "false" }, "email", "email_verified", { is_private_email: "true" }));
  },

  "microsoft's people are known by oid": async (world) => {
    await eachOf(world, "microsoft", claims("oid", { oid: "" }, { oid: 1 }, "tid", { tid: "9188040d-6c67-4c5b-b112-36a304b66dad" }, "email"));
  },

  "microsoft says in several ways that an address is verified": async (world) => {
    const email = (who) => world.address(who);
    await eachOf(world, "microsoft", [
      { claims: without("email_verified") },
      { claims: (all) => ({ ...without("email_verified")(all), verified_primary_email: [all.email] }) },
      { claims: (all) => ({ ...without("email_verified")(all), verified_secondary_email: [all.email] }) },
      { claims: (all) => ({ ...without("email_verified")(all), verified_primary_email: [email("else")] }) },
      { claims: having({ email_verified: "true" }) },
      { claims: having({ xms_edov: true, email_verified: undefined }) },
    ]);
  },

  "microsoft has a photo or none": async (world) => {
    await eachOf(world, "microsoft", [{ photo: raw(200, "JPEG", "image/jpeg") }, { photo: raw(500, "") }, { photo: page() }]);
    world.asked();
  },

  "discord's people": async (world) => {
    await eachOf(world, "discord", [
      { person: { verified: false } },
      { user: having({ avatar: null }) },
      { user: having({ avatar: null, discriminator: "1337" }) },
      { user: having({ avatar: "1269e74af4df7417b13759eae50c83dc" }) },
      { user: having({ global_name: null }) },
      { user: having({ email: null }) },
      { user: without("email", "verified") },
      { user: () => failure(401, { message: "401: Unauthorized", code: 0 }) },
      { user: () => page() },
    ]);
  },
};
