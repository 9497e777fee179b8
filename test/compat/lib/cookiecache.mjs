// The cookie cache as better-auth's own code reads and writes it.

import { createHmac } from "node:crypto";
import { getCookieCache } from "better-auth/cookies";
import { signJWT, symmetricDecodeJWT, symmetricEncodeJWT, verifyJWT } from "better-auth/crypto";

const salt = "better-auth-session";

/** What a target calls the cookie. */
export function dataCookie({ profile, baseURL }) {
  const { prefix = "better-auth", names = {}, secure = baseURL.startsWith("https:") } = profile.cookies;
  return `${secure ? "__Secure-" : ""}${names.session_data ?? `${prefix}.session_data`}`;
}

/** The names under which a browser keeps the cookie or parts of it. */
export function dataCookies(target, jar) {
  const name = dataCookie(target);
  return jar.names().filter((kept) => kept === name || kept.startsWith(`${name}.`));
}

/** The whole value that a browser keeps, or undefined. */
export function dataValue(target, jar) {
  const name = dataCookie(target);
  const parts = [];
  for (let index = 0; jar.get(`${name}.${index}`); index++) parts.push(jar.get(`${name}.${index}`));
  return jar.get(name) ?? (parts.length > 0 ? parts.join("") : undefined);
}

/** What a value says, as it stands, or null. */
export async function opened({ profile, secret }, value) {
  switch (profile.cookieCache.strategy) {
    case "jwe":
      return symmetricDecodeJWT(value, secret, salt);
    case "jwt":
      return verifyJWT(value, secret);
  }
  const { session, expiresAt, signature } = JSON.parse(Buffer.from(value, "base64url").toString());
  return signature === compactSignature(session, expiresAt, secret) ? { ...session, expiresAt } : null;
}

/** A value that says this for so many seconds, which may be over already. */
export async function sealed({ profile, secret }, payload, expiresIn = 300) {
  switch (profile.cookieCache.strategy) {
    case "jwe":
      return symmetricEncodeJWT(payload, secret, salt, expiresIn);
    case "jwt":
      return signJWT(payload, secret, expiresIn);
  }
  const expiresAt = Date.now() + expiresIn * 1000;
  const signature = compactSignature(payload, expiresAt, secret);
  return Buffer.from(JSON.stringify({ session: payload, expiresAt, signature })).toString("base64url");
}

const compactSignature = (session, expiresAt, secret) =>
  createHmac("sha256", secret).update(JSON.stringify({ ...session, expiresAt })).digest("base64url");

/** Writes down what a browser's cookie says, and whether better-auth's helper for frontends believes it. */
export async function noteCookieCache(world, browser) {
  const { target } = world;
  const value = dataValue(target, browser.jar);
  if (!value) return world.note("cookie cache", null);
  const [, cookiePrefix, cookieName] = dataCookie(target).match(/^(?:__Secure-)?(.*)\.(.*)$/);
  const { strategy, version = "1" } = target.profile.cookieCache;
  const read = await getCookieCache(new Headers({ cookie: browser.jar.header() }), {
    cookiePrefix, cookieName, strategy, version, secret: target.secret, isSecure: dataCookie(target).startsWith("__Secure-"),
  });
  const { jti, exp, iat, expiresAt, ...says } = await opened(target, value);
  const lasts = expiresAt ? Math.round((expiresAt - says.updatedAt) / 1000) : exp - iat;
  world.note("cookie cache", { says, lasts, jti: jti && "an id", helper: read && Object.keys(read).sort() });
}
