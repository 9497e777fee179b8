// The keys with which providers sign (RFC 7515), and the sets in which they publish them (RFC 7517).

import { exportJWK, generateKeyPair, SignJWT } from "jose";

// Making an RSA key takes long: every fake of this process has the same ones.
const made = new Map();

function pairOf(owner, kid, alg) {
  const name = `${owner} ${kid} ${alg}`;
  if (!made.has(name)) made.set(name, generateKeyPair(alg, { extractable: true }));
  return made.get(name);
}

/** The keys of one provider, published under their ids. */
export class KeyRing {
  #published = new Map();

  /** @param owner keys of equal id but of another owner are other keys */
  constructor(owner) {
    this.owner = owner;
  }

  /** Begins to publish a key. */
  async publish(kid, alg = "RS256") {
    const { publicKey } = await pairOf(this.owner, kid, alg);
    this.#published.set(kid, { ...(await exportJWK(publicKey)), kid, alg, use: "sig" });
  }

  jwks() {
    return { keys: [...this.#published.values()] };
  }

  /**
   * A signed token of these claims, issued now and good for an hour unless they say otherwise; a claim that is
   * undefined is left out.
   * @param kid names the key; it need not be a published one
   * @param header members of the protected header besides
   */
  async sign(claims, { kid, alg = "RS256", ...header }) {
    const { privateKey } = await pairOf(this.owner, kid, alg);
    const now = Math.floor(Date.now() / 1000);
    const token = new SignJWT({ iat: now, exp: now + 3600, ...claims }).setProtectedHeader({ alg, kid, typ: "JWT", ...header });
    return token.sign(privateKey, { crit: Object.fromEntries((header.crit ?? []).map((name) => [name, true])) });
  }
}
