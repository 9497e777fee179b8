// Keys and tokens of one server at the other.

import assert from "node:assert/strict";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { header } from "../lib/wire.mjs";

export const profile = "tokens";

// The scenarios delete the keys under everybody's feet.
export const alone = true;

const tokenOf = async (world, ada) => {
  const { text } = await world.get("/token", { headers: { authorization: `Bearer ${ada.token}` } });
  return JSON.parse(text).token;
};

const kidOf = (token) => decodeProtectedHeader(token).kid;

async function verified(world, token) {
  const keys = JSON.parse((await world.get("/jwks")).text);
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    issuer: world.target.baseURL,
    audience: world.target.baseURL,
    algorithms: ["EdDSA"],
  });
  return payload;
}

// Both must have noticed before the scenario goes on.
async function withoutKeys({ here, there }) {
  await here.sql("delete from jwks");
  await there.sql("select 1");
}

export const scenarios = {
  "a token verifies against the other's key set": async (both) => {
    await withoutKeys(both);
    const { here, there } = both;
    const ada = await here.member();
    const token = await tokenOf(here, ada);
    assert.equal((await verified(there, token)).email, ada.email);
    assert.equal((await verified(here, token)).sub, (await verified(there, token)).id);
  },

  "a key made by one signs at the other": async (both) => {
    await withoutKeys(both);
    const { here, there } = both;
    const ada = await here.member();
    const [ours, theirs] = [await tokenOf(here, ada), await tokenOf(there, ada)];
    assert.equal(kidOf(theirs), kidOf(ours));
    assert.equal((await here.sql("select id from jwks")).length, 1);
    const [left, right] = [await verified(there, ours), await verified(here, theirs)];
    for (const claims of [left, right]) {
      assert.equal(claims.exp - claims.iat, 900);
      delete claims.iat;
      delete claims.exp;
    }
    assert.deepEqual(right, left);
  },

  "both show the same key set": async (both) => {
    await withoutKeys(both);
    const read = async (world) => JSON.parse((await world.get("/jwks")).text);
    assert.deepEqual(await read(both.here), await read(both.there));
  },

  "set-auth-jwt verifies at the other": async ({ here, there }) => {
    const ada = await here.member();
    const exchange = await here.get("/get-session", { headers: { authorization: `Bearer ${ada.token}` } });
    assert.equal((await verified(there, header(exchange, "set-auth-jwt"))).email, ada.email);
  },

  "a rotated key still verifies what it signed": async (both) => {
    await withoutKeys(both);
    const { here, there } = both;
    const ada = await here.member();
    const before = await tokenOf(here, ada);
    await here.sql(`update jwks set "expiresAt" = now() - interval '1 second'`);
    await there.sql("select 1");
    const after = await tokenOf(there, ada);
    assert.notEqual(kidOf(after), kidOf(before));
    assert.equal(kidOf(await tokenOf(here, ada)), kidOf(after));
    for (const token of [before, after]) {
      for (const world of [here, there]) assert.equal((await verified(world, token)).email, ada.email);
    }
  },
};
