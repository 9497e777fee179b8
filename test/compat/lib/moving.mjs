// A team moves in: a database that an older better-auth server made and used is taken over as it is, and can be
// handed back. The steps assert by themselves.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { createDatabase, openDatabase } from "./database.mjs";
import { startPostern } from "./postern.mjs";
import { startReference } from "./reference.mjs";
import { inParallel } from "./scenarios.mjs";
import { World } from "./world.mjs";

const publicURL = "http://localhost:3000";

const plugins = {
  // What `postern migrate status` says of each table of a server with admin, organization, two-factor and username.
  user: /table user \(uses role, banned, banReason, banExpires; leaves alone .*\btwoFactorEnabled\b.*\)/,
  session: /table session \(leaves alone .*\bimpersonatedBy\b.*\)/,
};

// 1.7.0 and 1.7.1 alone have account.issuer, required and with a unique index.
const origins = [
  { name: "better-auth 1.6", package: "better-auth-1-6", says: {} },
  { name: "better-auth 1.7.0", package: "better-auth-1-7-0", says: { account: /table account \(uses issuer\)/ } },
  { name: "better-auth 1.7", package: "better-auth", says: {} },
].flatMap((origin) => [
  origin,
  { ...origin, name: `${origin.name} with plugins`, plugins: true, says: { ...origin.says, ...plugins } },
]);

export async function moveIn({ only, jobs, serverURL }, report) {
  const chosen = origins.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) throw new Error(`no origin contains ${JSON.stringify(only)}`);
  await inParallel(chosen, jobs, async (origin) => {
    const began = Date.now();
    const problems = [];
    try {
      await move(origin, serverURL);
    } catch (error) {
      problems.push(error.stack);
    }
    report({ file: "moving", name: origin.name, ok: problems.length === 0, ms: Date.now() - began, problems });
  });
}

async function move(origin, serverURL) {
  const { url: databaseURL, drop } = await createDatabase(serverURL);
  const place = { origin, databaseURL, secret: randomUUID() };
  try {
    const before = await during(older, place, liveThere);
    await migrate(place);
    const after = await during(postern, place, (world) => takeOver(world, before, origin));
    await during(older, place, (world) => goBack(world, before, after));
  } finally {
    await drop();
  }
}

const older = ({ origin, databaseURL, secret }) =>
  startReference({
    name: origin.name,
    databaseURL,
    publicURL,
    secret,
    server: "older.mjs",
    env: { BETTER_AUTH_PACKAGE: origin.package, BETTER_AUTH_PLUGINS: origin.plugins ? "yes" : "" },
  });

const postern = ({ databaseURL, secret }) => startPostern({ name: "postern", profile: "open", databaseURL, publicURL, secret });

async function during(start, place, live) {
  const target = await start(place);
  try {
    return await live(new World(target, place.origin.name));
  } finally {
    await target.stop();
  }
}

async function liveThere(world) {
  const ada = Object.assign(world.browser(), { email: world.address("ada"), password: "correct horse battery" });
  // What a server does not know, such as username without its plugin, it does not mind.
  const answer = await ada.post("/sign-up/email", {
    name: "Ada Lovelace",
    email: ada.email,
    password: ada.password,
    username: "ada_lovelace",
  });
  assert.equal(answer.status, 200, answer.text);
  return { ada: ada.jar, row: await userRow(world, ada.email) };
}

async function userRow(world, email) {
  const { rows } = await world.target.database.query(`select * from "user" where email = $1`, [email]);
  return rows[0];
}

/** What is found is named, what is missing is made, and better-auth's tables stay as they are. */
async function migrate({ origin, databaseURL }) {
  const before = await tables(databaseURL);
  const found = await command(databaseURL, "status");
  assert.equal(found.code, 1, "nothing of Postern's is there yet");
  for (const table of ["user", "session", "account", "verification"]) {
    assert.match(found.stdout, origin.says[table] ?? new RegExp(`present  table ${table}\n`), found.stdout);
  }
  const made = await command(databaseURL, "up");
  assert.equal(made.code, 0, made.stderr);
  const settled = await command(databaseURL, "status");
  assert.equal(settled.code, 0, settled.stdout);
  const after = await tables(databaseURL);
  for (const [name, definition] of Object.entries(before)) assert.deepEqual(after[name], definition, name);
}

async function command(databaseURL, verb) {
  const env = { PATH: process.env.PATH, POSTERN_DATABASE_URL: databaseURL, POSTERN_AUTH_JWT_ENABLED: "false" };
  return promisify(execFile)(process.env.COMPAT_POSTERN, ["migrate", verb], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

/** Columns, defaults and indexes of each table in the schema public. */
async function tables(databaseURL) {
  const database = openDatabase(databaseURL);
  try {
    const { rows } = await database.query(`
      select c.relname as table,
        (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
          from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          where a.attrelid = c.oid and a.attnum > 0) as columns,
        (select json_agg(i.indexdef order by i.indexdef) from pg_indexes i
          where i.schemaname = 'public' and i.tablename = c.relname) as indexes
      from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`);
    return Object.fromEntries(rows.map(({ table, ...definition }) => [table, definition]));
  } finally {
    await database.end();
  }
}

/** Who was signed in still is, whoever has a password signs in, and new people come. */
async function takeOver(world, { ada, row }, origin) {
  assert.equal((await sessionOf(world, ada)).user.email, row.email);
  const again = Object.assign(world.browser(), { email: row.email });
  assert.equal((await signIn(again, "correct horse battery")).status, 200);
  assert.equal((await signIn(world.browser(), "a wrong password", row.email)).status, 401);
  const renamed = await again.post("/update-user", { name: "Countess of Lovelace" });
  assert.equal(renamed.status, 200, renamed.text);
  const { name, updatedAt, ...untouched } = await userRow(world, row.email);
  assert.deepEqual({ ...untouched, name: row.name, updatedAt: row.updatedAt }, row);

  const grace = await world.stranger("grace", { name: "Grace Hopper" });
  const issuers = await issuersOf(world, grace.email);
  assert.deepEqual(issuers, origin.says.account ? ["local:credential"] : [undefined]);
  if (origin.plugins) await banned(world);
  return { ada: again.jar, grace: grace.jar, email: grace.email, password: grace.password };
}

/** Whoever is banned by hand is out, and back when the ban has run out. */
async function banned(world) {
  const mallory = await world.stranger("mallory", { name: "Mallory" });
  const ban = (ends) => world.sql(`update "user" set banned = true, "banExpires" = ${ends} where email = $1`, mallory.email);
  await ban("now() + interval '1 hour'");
  assert.equal((await world.get("/get-session", { cookie: mallory.jar.header() })).text, "null");
  const refused = await signIn(world.browser(), mallory.password, mallory.email);
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [403, "BANNED_USER"]);
  await ban("now() - interval '1 second'");
  assert.equal((await signIn(mallory, mallory.password)).status, 200);
  assert.equal((await userRow(world, mallory.email)).banned, false);
}

async function issuersOf(world, email) {
  const statement = `select a.* from account a join "user" u on u.id = a."userId" where u.email = $1`;
  return (await world.target.database.query(statement, [email])).rows.map(({ issuer }) => issuer);
}

/** All that Postern did counts for the older server. */
async function goBack(world, { row }, { ada, grace, email, password }) {
  const session = await sessionOf(world, ada);
  assert.equal(session.user.email, row.email);
  assert.equal(session.user.name, "Countess of Lovelace");
  assert.equal((await signIn(world.browser(), "correct horse battery", row.email)).status, 200);
  assert.equal((await sessionOf(world, grace)).user.email, email);
  assert.equal((await signIn(world.browser(), password, email)).status, 200);
  const hedy = await world.browser().post("/sign-up/email", { name: "Hedy", email: world.address("hedy"), password });
  assert.equal(hedy.status, 200, hedy.text);
}

const signIn = (browser, password, email = browser.email) => browser.post("/sign-in/email", { email, password });

async function sessionOf(world, jar) {
  const { text } = await world.get("/get-session", { cookie: jar.header() });
  const session = JSON.parse(text);
  assert.ok(session, `no session at ${world.target.name}`);
  return session;
}
