// Writes what better-auth's cookie cache makes of a sign-up, for each strategy: the Set-Cookie lines, and what get-session answers
// with them. And, as a compact cookie is signed over it, how JavaScript writes JSON. Package authflow must read and write all of it:
//
//   node reference/cookiecache.mjs > ../../authflow/testdata/cookiecache.json

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getCookieCache } from "better-auth/cookies";
import { parseSetCookie } from "../lib/jar.mjs";

const baseURL = "https://auth.example.test";
const secret = "a-secret-that-node-and-go-share-0123456789";
const strategies = ["compact", "jwt", "jwe"];

const kinds = {
  remembered: {},
  "not remembered": { body: { rememberMe: false } },
  "with a picture of several cookies": { body: { image: `data:image/png;base64,${"iVBORw0KGgo".repeat(500)}` } },
  "another version": { cookieCache: { version: "2026-02" } },
  "an hour": { cookieCache: { maxAge: 3600 } },
  "secrets with versions": { secrets: [{ version: 3, value: secret }, { version: 2, value: "another-secret-that-was-used-before-0123" }] },
};

async function signUp(strategy, { body = {}, cookieCache = {}, secrets }) {
  const auth = betterAuth({
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    baseURL,
    secret: secrets ? undefined : secret,
    secrets,
    session: { cookieCache: { enabled: true, strategy, ...cookieCache } },
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const ask = (path, init) => auth.handler(new Request(`${baseURL}/api/auth${path}`, init));
  const signedUp = await ask("/sign-up/email", {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": 'Golden/1.0 (<a & "b">)' },
    body: JSON.stringify({ name: 'Ada Lovelace, "Countess" <&> ñ \u2028\u0007 😀', email: "ada@people.test", password: "correct horse battery", ...body }),
  });
  const cookies = signedUp.headers.getSetCookie();
  const cookie = cookies.map((line) => parseSetCookie(line)).map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = new Headers({ cookie });
  const read = await getCookieCache(headers, { secret, strategy, isSecure: true, version: cookieCache.version });
  if (!read) throw new Error(`better-auth cannot read its own ${strategy} cookie`);
  return { at: Date.now(), cookies, answer: await (await ask("/get-session", { headers })).json() };
}

const texts = [
  '{"b":1,"a":2}', '{"b":1,"10":2,"9":3,"01":4,"-1":5,"a":6,"4294967295":7,"4294967294":8}', '{"a":1,"b":2,"a":3}', '{"":{"":[]}}', "[]", "{}",
  '[ 1 , "x" ,\n{ "a" : [ true , false , null ] } ]', '"\\u2028\\u2029\\u007f\\u0080"', '"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\\\/"', '"<>&\'é😀"',
  '"\\ud83d\\ude00"', "[0,-0,1,-1,1.0,1.50,100,1e2,1E+2,1e-2]", "[0.1,1e20,1e21,123456789012345680000,1e-6,1e-7,1.5e-9,5e-324,1.7976931348623157e308]",
  "[12345678901234567890,9007199254740993,0.30000000000000004,1e400,-1e400,1e-400]",
];

const golden = { baseURL, secret, cases: {}, texts: texts.map((text) => [text, JSON.stringify(JSON.parse(text))]) };
for (const strategy of strategies) {
  for (const [kind, options] of Object.entries(kinds)) {
    golden.cases[`${strategy}, ${kind}`] = { strategy, version: options.cookieCache?.version, ...(await signUp(strategy, options)) };
  }
}
console.log(JSON.stringify(golden, null, 1));
