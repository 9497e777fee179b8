// What a mail is to a scenario: the recipient, and what its link is for.

import { decodeJwt } from "jose";

/** Describes the mail that carries `url`: {to, kind, url, token}. */
export function letter(to, url) {
  const { pathname, searchParams } = new URL(url);
  const token = searchParams.get("token") ?? pathname.split("/").at(-1);
  return { to, kind: kindOf(pathname, token), url, token };
}

function kindOf(pathname, token) {
  if (pathname.includes("/reset-password/")) return "reset-password";
  if (pathname.endsWith("/delete-user/callback")) return "delete-user";
  if (pathname.endsWith("/verify-email")) return decodeJwt(token).requestType ?? "verify-email";
  return "other";
}

/** The first link in a text that belongs to the auth API. */
export function findLink(text) {
  return text.match(/https?:\/\/[^\s"'<>]*\/api\/auth\/[^\s"'<>]*/)?.[0];
}
