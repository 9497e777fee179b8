// Replaces what differs from run to run (ids, tokens, signatures, dates) by placeholders that keep the
// kind, the length, and who equals whom; everything else stays as it is.

import { decodeJwt, decodeProtectedHeader } from "jose";
import { parseSetCookie } from "./jar.mjs";

const comparedHeaders = [
  "access-control-allow-credentials",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "allow",
  "cache-control",
  "content-type",
  "location",
  "pragma",
  "set-auth-jwt",
  "set-auth-token",
  "x-retry-after",
];

const patterns = {
  provider: /http:\/\/127\.0\.0\.1:\d+\/(?=[a-z0-9-]+\.[a-z0-9.-]+)/g,
  encodedProvider: /http%3A%2F%2F127\.0\.0\.1%3A\d+%2F(?=[a-z0-9-]+\.[a-z0-9.-]+)/g,
  random: /(?<=[?&](?:state|nonce|code_challenge)=|^auth-state:)[\w-]{32,}/g,
  sealed: /\b[0-9a-f]{82,}\b/g,
  jwe: /eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+/g,
  jwt: /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  scrypt: /\b[0-9a-f]{32}:[0-9a-f]{128}\b/g,
  signature: /\.[A-Za-z0-9+/]{43}=/g,
  encodedSignature: /\.(?:[A-Za-z0-9]|%2[BF]){43}%3D/gi,
  token: /(?<![A-Za-z0-9])(?:[A-Za-z0-9]{32}|[A-Za-z0-9]{24})(?![A-Za-z0-9])/g,
  date: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g,
};

// Members whose value is random, of any of the letters of base64url.
const randomMembers = ["state", "oauthState", "codeVerifier", "code_verifier", "idTokenNonce", "nonce"];

/** Normalises the entries of one transcript; equal values get equal placeholders throughout. */
export function normalise(transcript) {
  const scrub = new Scrubber();
  return transcript.map((entry) => {
    scrub.nextStep();
    return "note" in entry ? noteOf(entry, scrub) : exchangeOf(entry, scrub);
  });
}

function noteOf({ at, note, value }, scrub) {
  return { note, value: scrub.value(value, at) };
}

function exchangeOf({ at, request, status, reason, headers, text }, scrub) {
  const value = (text) => scrub.text(text, at);
  return {
    request: value(request),
    status,
    reason,
    headers: headersOf(headers, value),
    cookies: cookiesOf(headers, value, (object) => scrub.value(object, at)),
    body: bodyOf(text, scrub, at),
  };
}

function headersOf(headers, value) {
  const kept = headers.filter(([name]) => comparedHeaders.includes(name));
  return Object.fromEntries(kept.map(([name, text]) => [name, value(text)]));
}

// Set twice, a cookie has its last value: what a browser ends up with is what counts.
function cookiesOf(headers, value, object) {
  const cookies = {};
  for (const [header, line] of headers) {
    if (header !== "set-cookie") continue;
    const { name, value: text, attributes } = parseSetCookie(line);
    cookies[name] = { value: cookieValue(name, text, value, object), attributes };
  }
  return cookies;
}

function cookieValue(name, text, value, object) {
  if (name.endsWith(".state")) return stateOf(text, value);
  if (/session_data(\.\d+)?$/.test(name) && text !== "") return cachedOf(name, text, value, object);
  // One of the pieces of a value that is too long for a cookie.
  if (/\.\d+$/.test(name) && text !== "") return "<piece>";
  return value(text);
}

// A cookie cache: its length, and what it says where that can be read without its key, and as a whole.
function cachedOf(name, text, value, object) {
  const length = `${text.length} characters`;
  if (/\d$/.test(name)) return { length };
  if (text.includes(".")) return { length, token: value(text) };
  try {
    const { signature, ...compact } = JSON.parse(Buffer.from(text, "base64url").toString());
    return { length, compact: object(compact), signature: `<${signature.length} characters>` };
  } catch {
    return { length };
  }
}

// What is signed here is random letters of base64url, as in the query of an authorization request.
function stateOf(text, value) {
  return value(`?state=${text}`).replace("?state=", "");
}

function bodyOf(text, scrub, at) {
  if (text === "") return "";
  try {
    return scrub.value(JSON.parse(text), at);
  } catch {
    return text.startsWith("<") ? "<html>" : scrub.text(text, at);
  }
}

// Values are numbered by the step in which they are first seen, so that one that is missing changes no later number.
class Scrubber {
  #names = new Map();
  #step = 0;
  #inStep = new Map();

  nextStep() {
    this.#step++;
    this.#inStep.clear();
  }

  value(value, at) {
    if (value instanceof Date) return this.text(value.toISOString(), at);
    if (typeof value === "string") return value.startsWith('{"') ? this.#json(value, at) : this.text(value, at);
    if (typeof value === "number") return instant(value, at);
    if (Array.isArray(value)) return inOrderOfCreation(value).map((item) => this.value(item, at));
    if (value === null || typeof value !== "object") return value;
    if (typeof value.kty === "string") value = withoutMaterial(value);
    const keys = Object.keys(value).sort();
    return Object.fromEntries(keys.map((key) => [key, this.#member(key, value[key], at)]));
  }

  #member(key, value, at) {
    const random = randomMembers.includes(key) && typeof value === "string" && /^[\w-]{32,}$/.test(value);
    return random ? this.#name(value, "A-z0-9_-") : this.value(value, at);
  }

  // A text that holds JSON, such as the value of a verification.
  #json(text, at) {
    try {
      return { json: this.value(JSON.parse(text), at) };
    } catch {
      return this.text(text, at);
    }
  }

  text(text, at) {
    return text
      .replace(patterns.provider, "https://")
      .replace(patterns.encodedProvider, "https%3A%2F%2F")
      .replace(patterns.jwe, (jwe) => this.#jwe(jwe, at))
      .replace(patterns.jwt, (jwt) => this.#jwt(jwt, at))
      .replace(patterns.scrypt, "<scrypt>")
      .replace(patterns.date, (date) => moment(Date.parse(date), at))
      .replace(patterns.signature, ".<signature>")
      .replace(patterns.encodedSignature, ".<encoded signature>")
      .replace(patterns.random, (random) => this.#name(random, "A-z0-9_-"))
      .replace(patterns.sealed, (sealed) => `<sealed ${sealed.length}>`)
      .replace(patterns.token, (token) => this.#name(token));
  }

  #jwt(jwt, at) {
    try {
      const { iat, exp, ...claims } = decodeJwt(jwt);
      const times = { iat: iat && moment(iat * 1000, at), exp: exp && `<iat+${exp - iat}s>` };
      const header = this.value(decodeProtectedHeader(jwt), at);
      return `<jwt ${JSON.stringify(header)} ${JSON.stringify(this.value({ ...claims, ...times }, at))}>`;
    } catch {
      return "<broken jwt>";
    }
  }

  #jwe(jwe, at) {
    try {
      return `<jwe ${JSON.stringify(this.value(decodeProtectedHeader(jwe), at))}>`;
    } catch {
      return "<broken jwe>";
    }
  }

  #name(token, alphabet = /[A-Z]/.test(token) ? "A-z0-9" : "a-z0-9") {
    const kind = `${alphabet}{${token.length}}`;
    if (!this.#names.has(token)) {
      this.#inStep.set(kind, (this.#inStep.get(kind) ?? 0) + 1);
      this.#names.set(token, `${this.#step}.${this.#inStep.get(kind)}`);
    }
    return `<${kind} #${this.#names.get(token)}>`;
  }
}

// The numbers of a key (RFC 7518 section 6) are its own; how long they are is not.
function withoutMaterial(jwk) {
  const numbers = ["x", "y", "n", "d"].filter((member) => member in jwk);
  return { ...jwk, ...Object.fromEntries(numbers.map((member) => [member, `<${jwk[member].length} characters>`])) };
}

// Rows come in whatever order the database likes; by age they can be compared.
function inOrderOfCreation(items) {
  if (!items.every((item) => item?.createdAt)) return items;
  return [...items].sort((a, b) => new Date(a.createdAt) - new Date(b.createdAt));
}

const decade = 315_360_000_000;

// A number within ten years of the exchange is a moment, in milliseconds or (RFC 7519 section 2) in seconds.
function instant(number, at) {
  const unit = [1, 1000].find((unit) => Math.abs(number * unit - at) < decade);
  return unit ? `${moment(number * unit, at)}${unit === 1 ? " in ms" : " in s"}` : number;
}

/**
 * A date as its distance from the moment of the exchange, coarse enough for a machine that takes minutes
 * over what should take seconds: to five minutes, above two hours to hours, above two days to days.
 */
function moment(date, at) {
  const minutes = Math.round((date - at) / 60_000 / 5) * 5;
  if (minutes === 0) return "<now>";
  const sign = minutes < 0 ? "-" : "+";
  const distance = Math.abs(minutes);
  if (distance < 120) return `<now${sign}${distance}min>`;
  const hours = Math.round(distance / 60);
  return hours < 48 ? `<now${sign}${hours}h>` : `<now${sign}${Math.round(hours / 24)}d>`;
}
