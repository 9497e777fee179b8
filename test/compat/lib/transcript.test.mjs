// The comparison must see every kind of difference, and none where there is none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SignJWT } from "jose";
import { compare } from "./transcript.mjs";

const hour = 3600_000;
const signature = `${"A".repeat(43)}=`;
const token = (letter) => letter.repeat(31) + "Z";

function exchange(overrides = {}) {
  return {
    at: Date.now(),
    request: "POST /x",
    status: 200,
    reason: "OK",
    headers: [["content-type", "application/json"]],
    text: "{}",
    ...overrides,
  };
}

const places = (left, right) => compare({ transcript: [left].flat() }, { transcript: [right].flat() }).map(({ at }) => at);

const body = (value) => exchange({ text: JSON.stringify(value) });
const cookie = (line) => exchange({ headers: [["set-cookie", line]] });

test("equal exchanges have no difference", () => {
  assert.deepEqual(places(exchange(), exchange()), []);
});

test("reason, header and body are compared", () => {
  const other = exchange({ reason: "Fine", headers: [["content-type", "text/plain"]], text: "null" });
  assert.deepEqual(places(exchange(), other), ["reason", "headers.content-type", "body"]);
});

test("another status is one difference", () => {
  assert.deepEqual(places(exchange(), exchange({ status: 401, reason: "Unauthorized", text: "null" })), ["answer"]);
});

test("a missing exchange is a difference", () => {
  assert.deepEqual(places([exchange(), exchange()], exchange()), ["(everything)"]);
});

test("headers that belong to transport are left out", () => {
  const other = exchange({ headers: [["content-type", "application/json"], ["date", "now"], ["content-length", "2"]] });
  assert.deepEqual(places(exchange(), other), []);
});

test("absent, null, empty and another type are told apart", () => {
  const values = [{}, { image: null }, { image: "" }, { image: 1 }, { image: [] }, { image: {} }];
  for (const [i, left] of values.entries()) {
    for (const [j, right] of values.entries()) {
      assert.equal(places(body(left), body(right)).length, i === j ? 0 : 1, JSON.stringify([left, right]));
    }
  }
});

test("tokens may differ but not in length, alphabet or in who equals whom", () => {
  const pair = (a, b) => body({ id: a, userId: b });
  assert.deepEqual(places(pair(token("a"), token("a")), pair(token("b"), token("b"))), []);
  assert.deepEqual(places(pair(token("a"), token("a")), pair(token("b"), token("c"))), ["body.userId"]);
  assert.deepEqual(places(body({ id: token("a") }), body({ id: token("a").slice(8) })), ["body.id"]);
  assert.deepEqual(places(body({ id: token("a") }), body({ id: token("a").toLowerCase() })), ["body.id"]);
});

test("a token that is missing is one difference", () => {
  const later = body({ id: token("c"), again: token("c") });
  assert.deepEqual(places([body({ id: token("a") }), later], [body({}), later]), ["body.id"]);
});

test("dates are compared by their distance and by their form", () => {
  const in_ = (ms) => body({ expiresAt: new Date(Date.now() + ms).toISOString() });
  assert.deepEqual(places(in_(24 * hour), in_(24 * hour + 5000)), []);
  assert.deepEqual(places(in_(24 * hour), in_(25 * hour)), ["body.expiresAt"]);
  assert.deepEqual(places(in_(0), in_(-24 * hour)), ["body.expiresAt"]);
  assert.deepEqual(places(body({ at: "2026-01-01T00:00:00.000Z" }), body({ at: "2026-01-01T00:00:00Z" })), ["body.at"]);
});

test("cookies are compared by name, value's form and attributes", () => {
  const right = `s=${token("a")}.${encodeURIComponent(signature)}; Max-Age=60; Path=/; HttpOnly`;
  assert.deepEqual(places(cookie(right), cookie(right.replaceAll("a", "b").replace("Pbth", "Path").replace("Mbx-Age", "Max-Age"))), []);
  assert.deepEqual(places(cookie(right), cookie(right.replace("60", "61"))), ["cookies.s.attributes.max-age"]);
  assert.deepEqual(places(cookie(right), cookie(right.replace("; HttpOnly", ""))), ["cookies.s.attributes.httponly"]);
  assert.deepEqual(places(cookie(right), cookie(right.replace("%3D", "="))), ["cookies.s.value"]);
  assert.deepEqual(places(cookie(right), cookie(right.replace("s=", "t="))), ["cookies.s", "cookies.t"]);
});

test("a cookie set twice counts as set last", () => {
  const twice = exchange({ headers: [["set-cookie", "s=1; Path=/"], ["set-cookie", "s=2; Path=/"]] });
  assert.deepEqual(places(twice, cookie("s=2; Path=/")), []);
  assert.deepEqual(places(twice, cookie("s=1; Path=/")), ["cookies.s.value"]);
});

test("tokens signed by JOSE are compared by header and claims", async () => {
  const sign = (claims, alg = "HS256", life = "15m") =>
    new SignJWT(claims).setProtectedHeader({ alg }).setIssuedAt().setExpirationTime(life).sign(Buffer.alloc(64, Math.random() * 256));
  const location = async (...args) => exchange({ headers: [["location", `/v?token=${await sign(...args)}`]] });
  assert.deepEqual(places(await location({ email: "a" }), await location({ email: "a" })), []);
  assert.deepEqual(places(await location({ email: "a" }), await location({ email: "b" })), ["headers.location"]);
  assert.deepEqual(places(await location({ email: "a" }), await location({ email: "a" }, "HS512")), ["headers.location"]);
  assert.deepEqual(places(await location({ email: "a" }), await location({ email: "a" }, "HS256", "16m")), ["headers.location"]);
});

test("lists of dated things are compared by age, other lists as they are", () => {
  const item = (n) => ({ n, createdAt: new Date(Date.now() + n * 1000).toISOString() });
  assert.deepEqual(places(body([item(1), item(2)]), body([item(2), item(1)])), []);
  assert.deepEqual(places(body([1, 2]), body([2, 1])), ["body.0", "body.1"]);
});

test("rows are compared as values", () => {
  const rows = (row) => ({ at: Date.now(), note: "rows", value: { user: [row] } });
  const right = { id: token("a"), image: null, createdAt: new Date(), password: `${"0".repeat(32)}:${"1".repeat(128)}` };
  const other = { ...right, id: token("b"), password: `${"2".repeat(32)}:${"3".repeat(128)}` };
  assert.deepEqual(places(rows(right), rows(other)), []);
  assert.deepEqual(places(rows(right), rows({ ...right, image: "" })), ["value.user.0.image"]);
  assert.deepEqual(places(rows(right), rows({ ...right, password: "$2b$10$x" })), ["value.user.0.password"]);
});

test("states and challenges may differ, but not in who equals whom", () => {
  const [one, two] = ["a-_9".repeat(8), "Zb0-".repeat(8)];
  const flow = (asked, kept) => [
    exchange({ headers: [["location", `https://idp.test/auth?x=1&state=${asked}&code_challenge=${"c".repeat(43)}`], ["set-cookie", `a.state=${kept}.${encodeURIComponent(signature)}; Path=/`]] }),
    { at: Date.now(), note: "rows", value: { identifier: `auth-state:${kept}`, value: JSON.stringify({ oauthState: kept, codeVerifier: kept.repeat(4) }) } },
  ];
  assert.deepEqual(places(flow(one, one), flow(two, two)), []);
  assert.deepEqual(places(flow(one, one), flow(two, one)), ["cookies.a.state.value", "value.identifier", "value.value.json.oauthState"]);
  assert.deepEqual(places(flow(one, one), flow(two.slice(1), two.slice(1))).slice(0, 1), ["headers.location"]);
});

test("text that holds JSON is compared by members", () => {
  const row = (value) => ({ at: Date.now(), note: "row", value: { value } });
  assert.deepEqual(places(row('{"a":1,"b":"x"}'), row('{"b":"x","a":1}')), []);
  assert.deepEqual(places(row('{"a":1}'), row('{"a":"1"}')), ["value.value.json.a"]);
  assert.deepEqual(places(row('{"a":1}'), row({ a: 1 })), ["value.value.json", "value.value.a"]);
});

test("moments that are numbers are compared by distance and unit", () => {
  const at = (value) => ({ at: Date.now(), note: "x", value });
  assert.deepEqual(places(at(Date.now() + hour), at(Date.now() + hour + 2000)), []);
  assert.deepEqual(places(at(Date.now() + hour), at(Date.now() + 2 * hour)), ["value"]);
  assert.deepEqual(places(at(Date.now()), at(Math.floor(Date.now() / 1000))), ["value"]);
  assert.deepEqual(places(at(583231), at(583232)), ["value"]);
});

test("encrypted texts are compared by length, encrypted tokens by header", () => {
  assert.deepEqual(places(body("0a".repeat(72)), body("b1".repeat(72))), []);
  assert.deepEqual(places(body("0a".repeat(72)), body("b1".repeat(73))), ["body"]);
  const jwe = (header, rest) => body(`${Buffer.from(JSON.stringify(header)).toString("base64url")}..${rest}.${rest}.${rest}`);
  assert.deepEqual(places(jwe({ alg: "dir", kid: "k" }, "aa"), jwe({ alg: "dir", kid: "k" }, "bbb")), []);
  assert.deepEqual(places(jwe({ alg: "dir", kid: "k" }, "aa"), jwe({ alg: "dir", kid: "l" }, "aa")), ["body"]);
});

test("a provider is where it stands for, a server is where it is", () => {
  const location = (url) => exchange({ headers: [["location", url]] });
  assert.deepEqual(places(location("http://127.0.0.1:4000/idp.test/x"), location("https://idp.test/x")), []);
  assert.deepEqual(places(location("http://127.0.0.1:4000/idp.test/x"), location("http://127.0.0.1:4001/idp.test/x")), []);
  assert.deepEqual(places(location("http://127.0.0.1:4000/error"), location("http://127.0.0.1:4001/error")), ["headers.location"]);
});
