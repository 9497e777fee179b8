// A fresh database for each target on the PostgreSQL server that DATABASE_URL names.

import { randomBytes } from "node:crypto";
import pg from "pg";

/** Creates an empty database; returns {url, drop()}. */
export async function createDatabase(serverURL) {
  const name = `compat_${randomBytes(6).toString("hex")}`;
  await administer(serverURL, `create database ${name}`);
  const url = new URL(serverURL);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(serverURL, `drop database if exists ${name} with (force)`) };
}

async function administer(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A pool through which scenarios look at a target's rows. */
export function openDatabase(url) {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // The server ends idle connections when the database is dropped; that is no event for a scenario.
  pool.on("error", () => {});
  return pool;
}
