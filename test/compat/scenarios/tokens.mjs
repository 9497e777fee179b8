// Signed tokens for services: the jwt plugin.

import { createLocalJWKSet, jwtVerify } from "jose";
import { header } from "../lib/wire.mjs";

export const profile = "tokens";

// Those who ask first at once may make a key each, and the key set is compared.
export const alone = true;

async function verify(world, token) {
  const { text } = await world.quietly(() => world.get("/jwks"));
  const { protectedHeader, payload } = await jwtVerify(token, createLocalJWKSet(JSON.parse(text)), {
    issuer: world.target.baseURL,
    audience: world.target.baseURL,
    algorithms: ["EdDSA"],
  });
  const { iat, exp, ...claims } = payload;
  return { protectedHeader, claims, lifetime: exp - iat };
}

export const scenarios = {
  "a session gets a token that its user is in": async (world) => {
    const ada = await world.member("ada", { image: "https://images.example.test/a.png" });
    const { text } = await ada.get("/token");
    world.note("verified", await verify(world, JSON.parse(text).token));
  },

  "nobody gets none": async (world) => {
    await world.get("/token");
    await world.get("/token", { headers: { authorization: "Bearer unknown" } });
    await world.get("/get-session");
  },

  "a bearer client gets one": async (world) => {
    const ada = await world.member();
    await world.get("/token", { headers: { authorization: `Bearer ${ada.token}` } });
    await world.get("/token", { headers: { authorization: `Bearer ${ada.signed}` } });
  },

  "an expired session gets none": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() - interval '1 day' where token = $1`, ada.token);
    await ada.get("/token");
  },

  "asking for one renews the session": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    await ada.get("/token");
    await world.rows();
  },

  "get-session carries one": async (world) => {
    const ada = await world.member();
    const exchange = await ada.get("/get-session");
    world.note("verified", await verify(world, header(exchange, "set-auth-jwt")));
    await world.get("/get-session", { headers: { authorization: `Bearer ${ada.token}` } });
  },

  "a renewing get-session tells both tokens": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    await ada.get("/get-session");
  },

  "other answers carry none": async (world) => {
    const ada = await world.member();
    await ada.get("/list-sessions");
    await ada.post("/update-user", { name: "Countess" });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await ada.post("/sign-out", {});
  },

  "the key set is public": async (world) => {
    await world.get("/jwks");
    await world.get("/jwks", { headers: { origin: "https://other.test" } });
    await world.get("/jwks", { headers: { authorization: "Bearer unknown" } });
  },

  "only GET": async (world) => {
    const ada = await world.member();
    await ada.post("/token", {});
    await ada.post("/jwks", {});
    await ada.get("/token/");
    await ada.get("/jwks/");
  },

  "a token is no session": async (world) => {
    const ada = await world.member();
    const { text } = await world.quietly(() => ada.get("/token"));
    const headers = { authorization: `Bearer ${JSON.parse(text).token}` };
    await world.get("/get-session", { headers });
    await world.get("/token", { headers });
  },

  "the table of keys": async (world) => {
    await world.get("/jwks");
    const [key] = await world.sql(`select * from jwks order by "createdAt" limit 1`);
    const { privateKey, publicKey, ...columns } = key;
    const sealed = JSON.parse(privateKey);
    world.note("row", { ...columns, publicKey: JSON.parse(publicKey), sealed: /^[0-9a-f]+$/.test(sealed) });
    world.note(
      "columns",
      await world.sql(
        `select column_name, data_type, is_nullable, column_default from information_schema.columns
         where table_name = 'jwks' order by ordinal_position`,
      ),
    );
  },
};
