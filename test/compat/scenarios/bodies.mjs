// Bodies that are not what an endpoint wants.

import { fields, minimal } from "../lib/endpoints.mjs";

const password = "correct horse battery";

/** A scenario for every endpoint: its body as a whole and each of its members with each wrong type. */
function wrongTypes() {
  return Object.fromEntries(
    Object.keys(fields).map((path) => [
      `the body of ${path.slice(1).replace("/", " ")}`,
      async (world) => {
        await wrongWhole(world, path);
        for (const member of Object.keys(fields[path])) await wrongMember(world, path, member);
      },
    ]),
  );
}

async function wrongWhole(world, path) {
  await world.post(path);
  for (const body of ["", "{}", "null", "[]", '"text"', "1", "true", "{", "{}x", '{"a":}', "'{}'"]) {
    await world.post(path, body);
  }
}

// Without a session, so that what passes the check of the body is then 401 and has no effect.
async function wrongMember(world, path, member) {
  const right = fields[path][member];
  for (const value of [null, 1, true, "text", [], {}, [1], 0, false, ""]) {
    if (typeof value === right && !(value === "" && right === "string")) continue;
    await world.post(path, { ...minimal(path, world), [member]: value });
  }
}

export const scenarios = {
  ...wrongTypes(),

  "all complaints are told at once, in order": async (world) => {
    await world.post("/sign-up/email", { name: 1, email: "x", password: [], image: 1, rememberMe: 1 });
    await world.post("/sign-up/email", { rememberMe: "x", email: {} });
    await world.post("/change-password", { currentPassword: 1, newPassword: 2, revokeOtherSessions: 3 });
    await world.post("/reset-password", { token: 1, newPassword: 2 });
    await world.post("/delete-user", { password: 1, token: 2 });
  },

  "JSON is read leniently where the reference does": async (world) => {
    const ada = await world.member();
    const right = JSON.stringify({ email: ada.email, password: ada.password });
    await world.post("/sign-in/email", `  \n${right}\n  `);
    await world.post("/sign-in/email", `\ufeff${right}`);
    await world.post("/sign-in/email", `{"email":"x@y.test","password":"no",${right.slice(1)}`);
    await world.post("/sign-in/email", `{"__proto__":{"a":1},"constructor":{"b":1},${right.slice(1)}`);
    await world.post("/sign-in/email", right.replace("email", "\\u0065mail"));
    await world.post("/sign-in/email", right.replace("email", "Email"));
    await world.post("/sign-in/email", `${right} {}`);
    await world.post("/sign-in/email", right.replace("{", "{/*x*/"));
    await world.post("/sign-in/email", right.replace("}", ",}"));
  },

  "bytes that are no UTF-8 are replaced": async (world) => {
    const broken = (before, after) => Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xfe]), Buffer.from(after)]);
    const email = world.address("ada");
    await world.post("/sign-in/email", broken(`{"email":"${email}","password":"`, '"}'));
    await world.post("/sign-in/email", broken('{"email":"a', '@x.test","password":"x"}'));
    await world.post("/sign-up/email", broken(`{"email":"${email}","password":"${password}","name":"A`, '"}'));
    await world.post("/sign-in/email", broken("", "{}"));
    await world.rows();
  },

  "half a surrogate pair is replaced": async (world) => {
    const email = world.address("ada");
    await world.post("/sign-up/email", `{"email":"${email}","password":"${password}","name":"a\\ud800b"}`);
    await world.rows();
  },

  "deep nesting is no fault": async (world) => {
    const deep = "[".repeat(5000) + "]".repeat(5000);
    await world.post("/sign-in/email", `{"email":${deep},"password":"x"}`);
    await world.post("/sign-in/email", `{"email":"a@x.test","password":"x","unknown":${deep}}`);
  },

  "long texts meet their limits": async (world) => {
    const ada = await world.member();
    const long = "a".repeat(200_000);
    await world.post("/sign-in/email", { email: long, password });
    await world.post("/sign-in/email", { email: ada.email, password: long });
    await world.post("/sign-up/email", { name: "A", email: long, password });
    await world.post("/sign-up/email", { name: "A", email: world.address("bob"), password: long });
    await world.post("/reset-password", { newPassword: long, token: "x" });
    await ada.post("/verify-password", { password: long });
    await ada.post("/change-password", { currentPassword: long, newPassword: password });
    await ada.post("/change-password", { currentPassword: ada.password, newPassword: long });
    await ada.post("/revoke-session", { token: long });
  },

  "NUL characters are no fault in a password": async (world) => {
    const email = world.address("ada");
    await world.post("/sign-up/email", { name: "Ada", email, password: "pass\0word" });
    await world.post("/sign-in/email", { email, password: "pass\0word" });
    await world.post("/sign-in/email", { email: "a\0@x.test", password: "x" });
    await world.post("/sign-up/email", { name: "Ada", email: "a\0@x.test", password });
  },

  "media types": async (world) => {
    const attempt = (path, type) => world.post(path, '{"email":"x"}', { headers: { "content-type": type } });
    const types = [null, "", "text/plain", "text/plain; charset=utf-8", "application/problem+json", "application/jsonx", "APPLICATION/JSON", "application/json; charset=latin1", "application/json;charset=utf-8", "multipart/form-data; boundary=x", "application/xml", "application/x-www-form-urlencoded", "json", "application/json, text/plain"];
    for (const type of types) {
      await attempt("/sign-in/email", type);
      await attempt("/request-password-reset", type);
      await attempt("/sign-out", type);
      await attempt("/get-session", type);
    }
  },

  "the body is looked at before the session": async (world) => {
    for (const path of ["/change-password", "/verify-password", "/change-email", "/revoke-session"]) {
      await world.post(path, "{");
      await world.post(path, {});
      await world.post(path, "{}", { headers: { "content-type": "text/plain" } });
    }
  },

  "each endpoint says which media types it takes": async (world) => {
    for (const path of Object.keys(fields)) {
      await world.post(path, "a=b", { headers: { "content-type": "application/x-www-form-urlencoded" } });
      await world.post(path, "{}", { headers: { "content-type": "text/plain" } });
    }
  },

  "members that no endpoint knows are dropped": async (world) => {
    const extra = { unknown: 1, id: "x", userId: "y", role: "admin", emailVerified: true, "": 1, constructor: 1 };
    for (const path of Object.keys(fields)) await world.post(path, { ...minimal(path, world), ...extra });
  },

  "a query is not a body": async (world) => {
    await world.post("/sign-in/email?email=a%40x.test&password=x", {});
    await world.post("/request-password-reset?email=a%40x.test", {});
    await world.post("/revoke-session?token=x", {});
  },

  "addresses are checked alike wherever one is wanted": async (world) => {
    const ada = await world.member();
    const odd = ["", "ada", "a@b", ".a@x.test", "a..b@x.test", "a'@x.test", "a'b@x.test", "a+b@x.test", "a b@x.test", " a@x.test", "a@x.test ", "é@x.test", "a@x_y.test", "a@-x.test", "a@x.t", "a@x.123", "a@[127.0.0.1]", "\"a\"@x.test", "a@b@x.test", "A@X.TEST", `${"a".repeat(65)}@x.test`, `a@${"x".repeat(64)}.test`, `a@${"x.".repeat(130)}test`];
    for (const email of odd) {
      await world.post("/sign-in/email", { email, password: "x" });
      await world.post("/request-password-reset", { email });
      await ada.post("/send-verification-email", { email });
      await world.post("/change-email", { newEmail: email });
    }
  },
};
