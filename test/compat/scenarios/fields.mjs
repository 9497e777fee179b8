// Additional fields of users and sessions.

import { inferAdditionalFields } from "better-auth/client/plugins";
import { profiles } from "../lib/profiles.mjs";
import { additionalFields } from "../reference/options.mjs";

export const profile = "fields";

const password = "correct horse battery";

// What the frontend of a team that has these fields declares.
const declared = inferAdditionalFields({
  user: additionalFields(profiles.fields.userFields),
  session: additionalFields(profiles.fields.sessionFields),
});

const everything = {
  age: 36,
  born: "1815-12-10T11:22:33.444Z",
  company: "Analytical \"Engines\" & Söhne",
  lang: "fr",
  level: "senior",
  newsletter: true,
  nick: undefined, // unique: each scenario has its own
  note: "for nobody's eyes",
  prefs: { theme: { dark: true }, list: [1, null, "x"] },
  scores: [1, -2.5, 1e21],
  tags: ["a", "b,c", "{}", ""],
  tier: "gold",
};

const signUp = (world, who, fields) =>
  world.post("/sign-up/email", { name: "Ada", email: world.address(who), password, ...fields });

const member = (world, who = "ada", fields = {}) => world.member(who, { tier: "gold", ...fields });

// Text is read as what it says, as PostgreSQL reads it; numbers and truth values become text.
const converted = {
  age: [5, "5", " 7 ", "-1", null],
  born: ["2024-02-03", "2024-02-03T04:05Z", "2024-02-03T04:05:06+02:00", null],
  company: [5, 1.5, 1e300, true, false, "", " x ", "5", null],
  lang: [5, "", true],
  level: ["junior", null],
  newsletter: ["true", "false", "yes", "off", "t", "1", "0", 1, 0],
  prefs: [{}, [], { a: 1 }, ["a"], 5, 1.5, true, '{"a":1}', "[1]", "5", null],
  scores: [[], [1], "[1,2]", null],
  tags: [[], ["a"], '["a","b"]', null],
};

const wrong = {
  age: ["x", "", "1.5", 1.5, true, [1], {}, 2147483648, 1e300],
  born: ["soon", "", true, 5, [], {}],
  company: ["a\u0000b"],
  newsletter: ["maybe", "", 2, [], {}],
  prefs: ["x", "", "a\u0000b"],
  scores: ["x", ""],
  tags: ["x", ""],
};

// What better-auth lets pass though the field is for something else.
const odd = {
  born: ["5", "3 Feb 2024"],
  company: [["a"], { a: 1 }],
  level: ["chief", ""],
  scores: [["1"], 5],
  tags: [[1], true, {}, "5"],
};

/** One body for each field and value. */
const alone = (table) => Object.entries(table).flatMap(([field, values]) => values.map((value) => ({ [field]: value })));

/** As many bodies as the field with the most values has: the first has the first value of every field, and so on. */
function together(table) {
  const rounds = Math.max(...Object.values(table).map((values) => values.length));
  const pick = (round) => Object.entries(table).filter(([, values]) => round < values.length).map(([field, values]) => [field, values[round]]);
  return Array.from({ length: rounds }, (_, round) => Object.fromEntries(pick(round)));
}

export const scenarios = {
  "everything is taken, and shown unless it is secret": async (world) => {
    const ada = world.browser().use(declared);
    await ada.client.signUp.email({ name: "Ada", email: world.address("ada"), password, ...everything, nick: `nick ${world.slug}` });
    await ada.open((await world.mail(world.address("ada"), "verify-email")).url);
    await ada.client.getSession();
    await ada.client.listSessions();
    await ada.client.signIn.email({ email: world.address("ada"), password });
    await world.rows();
  },

  "dates are kept to the millisecond": async (world) => {
    const ada = await member(world, "ada", { born: everything.born });
    const { text } = await world.quietly(() => ada.get("/get-session"));
    const [{ born }] = await world.sql(`select born from "user" where email = $1`, ada.email);
    // Otherwise the comparison would round them.
    world.note("shown and kept", [JSON.parse(text).user.born, born.toISOString()].map((date) => date.replace("T", " ")));
  },

  "what is left out has its default": async (world) => {
    await signUp(world, "ada", { tier: "gold" });
    const bob = await member(world, "bob");
    await bob.client.getSession();
    await bob.client.listSessions();
    await world.rows();
  },

  "what is required must be there": async (world) => {
    await signUp(world, "ada", {});
    await signUp(world, "ada", { tier: "" });
    await signUp(world, "bob", { tier: "gold", lang: null, newsletter: null });
    await world.rows();
  },

  "null is no value where one is required": async (world) => {
    await signUp(world, "ada", { tier: null });
    const bob = await member(world, "bob");
    await bob.post("/update-user", { tier: null });
    await bob.post("/update-user", { lang: null });
    await bob.post("/update-session", { pinned: null });
    await world.rows();
  },

  "the server's fields are not the client's": async (world) => {
    await signUp(world, "ada", { tier: "gold", staff: true });
    await signUp(world, "ada", { tier: "gold", staff: "no" });
    await signUp(world, "ada", { tier: "gold", staff: false, plan: "pro" });
    await signUp(world, "bob", { tier: "gold", staff: null, plan: null, id: "mine", emailVerified: true, createdAt: "2020-01-01", role: "admin" });
    const eve = await member(world, "eve");
    for (const body of [{ plan: "pro" }, { plan: "" }, { staff: true }, { staff: false }, { name: "Eve", staff: true }, { name: "Eve", plan: null }]) {
      await eve.post("/update-user", body);
    }
    for (const body of [{ risk: "none" }, { risk: "" }, { risk: null }, { theme: "dark", risk: 1 }, { expiresAt: "2030-01-01", token: "x", userId: "x" }]) {
      await eve.post("/update-session", body);
    }
    await world.rows();
  },

  "unknown fields are nobody's": async (world) => {
    const ada = await member(world, "ada", { unknown: "x" });
    await ada.post("/update-user", { unknown: "x" });
    await ada.post("/update-session", { unknown: "x" });
    await ada.post("/update-user", { unknown: "x", company: "Engines" });
    await ada.post("/update-user", []);
    await ada.post("/update-session", []);
    await world.post("/update-user", { company: "x" });
    await world.post("/update-session", { theme: "x" });
    await world.rows();
  },

  "a form may carry them": async (world) => {
    const body = new URLSearchParams({ name: "Ada", email: world.address("ada"), password, tier: "gold", age: "36", newsletter: "true", born: "1815-12-10", tags: '["a"]', company: "" });
    await world.post("/sign-up/email", body.toString(), { headers: { "content-type": "application/x-www-form-urlencoded" } });
    await world.rows();
  },

  "a taken address has the same members": async (world) => {
    const ada = await member(world);
    await signUp(world, "ada", { tier: "silver" });
    await signUp(world, "ada", { ...everything, born: undefined });
    await signUp(world, "ada", {});
    await signUp(world, "ada", { tier: "gold", staff: true });
    await ada.client.getSession();
    await world.rows();
  },

  // What of a value is shown, and what is refused, tells whether the address is taken.
  "a taken address is given away": async (world) => {
    await member(world, "ada", { nick: `nick ${world.slug}` });
    for (const who of ["new", "ada"]) {
      await signUp(world, who, { tier: 5, age: "36", born: "1815-12-10", lang: null });
      await signUp(world, who, { tier: "gold", nick: `nick ${world.slug}` });
    }
  },

  "a value that is taken": async (world) => {
    const ada = await member(world, "ada", { nick: `nick ${world.slug}` });
    await signUp(world, "bob", { tier: "gold", nick: `nick ${world.slug}` });
    const bob = await member(world, "bob");
    await bob.post("/update-user", { nick: `nick ${world.slug}`, name: "Bob" });
    await ada.post("/update-user", { nick: `nick ${world.slug}`, name: "Countess" });
    await bob.post("/update-user", { nick: null });
    await world.rows();
  },

  "an update changes what it names": async (world) => {
    const ada = (await member(world, "ada", everything)).use(declared);
    await ada.client.updateUser({ company: "Engines", age: 37, born: new Date("1816-01-02T03:04:05.006Z"), tags: [], newsletter: false });
    await ada.client.getSession();
    await ada.client.updateUser({ name: "Countess", company: null, note: null, prefs: null });
    await ada.client.getSession();
    await world.rows();
  },

  "a session is updated alone": async (world) => {
    const ada = (await member(world)).use(declared);
    await world.device(ada);
    await ada.client.updateSession({ theme: "dark", seats: 3, seen: new Date("2024-02-03T04:05:06.789Z"), flags: [], note: "secret" });
    await ada.client.getSession();
    await ada.client.updateSession({ theme: null, pinned: true });
    await ada.client.listSessions();
    await world.rows();
  },

  "updating a session keeps to what the browser was told": async (world) => {
    const ada = await member(world);
    const kiosk = await world.device(ada, { rememberMe: false, theme: "dark", risk: "none" });
    await kiosk.post("/update-session", { theme: "dark" });
    await kiosk.client.getSession();
    await world.post("/update-session", { theme: "bearer" }, { headers: { authorization: `Bearer ${kiosk.token}` } });
  },

  "a session that is gone is not updated": async (world) => {
    const ada = await member(world);
    await world.sql(`delete from session where token = $1`, ada.token);
    await ada.post("/update-session", { theme: "dark" });
  },

  "wrong types in a session": async (world) => {
    const ada = await member(world);
    for (const body of [{ seats: "x" }, { seats: 1.5 }, { seats: true }, { pinned: "maybe" }, { seen: "soon" }, { flags: "x" }, { theme: "a\u0000b" }]) {
      await ada.post("/update-session", body);
    }
    await world.rows();
  },

  "text in a session is read as what it says": async (world) => {
    const ada = await member(world);
    await ada.post("/update-session", { seats: "3", pinned: "yes", seen: "2024-02-03", flags: '["a"]', theme: 5 });
    await world.rows();
  },

  "a large number": async (world) => {
    const ada = await member(world, "ada", { customer: 9007199254740991 });
    await ada.client.getSession();
    await ada.post("/update-user", { customer: "9007199254740993" });
    await world.rows();
  },

  "every answer that shows a user shows them": async (world) => {
    const ada = await member(world, "ada", everything);
    await ada.post("/change-password", { currentPassword: password, newPassword: "a brand new password" });
    await ada.post("/change-password", { currentPassword: "a brand new password", newPassword: password, revokeOtherSessions: true });
    const to = world.address("countess");
    await ada.client.changeEmail({ newEmail: to });
    await ada.get(new URL((await world.mail(to, "change-email-verification")).url).href.split("/api/auth")[1].replace(/&callbackURL=[^&]*/, ""));
    await ada.get("/token");
    await ada.get("/get-session");
  },

  "the columns are alike": async (world) => {
    world.note(
      "columns",
      await world.sql(
        `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
         where table_schema = 'public' and table_name in ('user', 'session') order by table_name, column_name`,
      ),
    );
    world.note(
      "unique",
      await world.sql(`select indexdef from pg_indexes where schemaname = 'public' and tablename = 'user' and indexdef like '%nick_name%'`),
    );
  },

  "text is read as what it says when somebody signs up": async (world) => {
    for (const [round, fields] of together(converted).entries()) await signUp(world, `ada${round}`, { tier: "gold", ...fields });
    await world.rows();
  },

  "text is read as what it says in an update": async (world) => {
    const ada = await member(world);
    for (const fields of together(converted)) {
      await ada.post("/update-user", fields);
      await ada.get("/get-session");
    }
    await world.rows();
  },

  "wrong types when somebody signs up": async (world) => {
    for (const [field, [value]] of Object.entries(wrong)) await signUp(world, field, { tier: "gold", [field]: value });
    await world.rows();
  },

  "wrong types in an update": async (world) => {
    const ada = await member(world);
    for (const body of alone(wrong)) await ada.post("/update-user", body);
    await ada.get("/get-session");
    await world.rows();
  },

  "odd types in an update": async (world) => {
    const ada = await member(world);
    for (const body of alone(odd)) await ada.post("/update-user", body);
  },
};
