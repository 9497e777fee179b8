// What people granted to a client: authorization requests that wait for them, and the codes and tokens that came of them.

import { randomBytes } from "node:crypto";

/** 32 characters of A-Z a-z 0-9. */
function random() {
  const text = randomBytes(48).toString("base64").replace(/[+/=]/g, "");
  return text.length >= 32 ? text.slice(0, 32) : random();
}

export class Grants {
  #awaited = new Map();
  #codes = new Map();
  #accessTokens = new Map();
  #refreshTokens = new Map();

  /** The person behind this state will do as the plan says. */
  await(state, plan) {
    this.#awaited.set(state, plan);
  }

  plan(state) {
    return this.#awaited.get(state);
  }

  /** @param grant {provider, plan, request}, the authorization request's parameters */
  code(grant) {
    return remember(this.#codes, { grant, used: false });
  }

  /** Marks the code as used; returns {grant, used}, where used says whether it was before; undefined for an unknown one. */
  redeem(code) {
    return use(this.#codes, code);
  }

  accessToken(grant) {
    return remember(this.#accessTokens, { grant });
  }

  /** The grant of an access token, or undefined. */
  grantOf(accessToken) {
    return this.#accessTokens.get(accessToken)?.grant;
  }

  refreshToken(grant) {
    return remember(this.#refreshTokens, { grant, used: false });
  }

  /** As redeem; whether a used refresh token may be used again is the provider's to say. */
  refresh(refreshToken) {
    return use(this.#refreshTokens, refreshToken);
  }
}

function remember(map, entry) {
  const name = random();
  map.set(name, entry);
  return name;
}

function use(map, name) {
  const entry = map.get(name);
  if (!entry) return undefined;
  const before = { ...entry };
  entry.used = true;
  return before;
}
