// A browser's cookies for one site.

export class Jar {
  #cookies = new Map();

  /** Takes over the Set-Cookie headers of an answer. */
  absorb(headers) {
    for (const [name, value] of headers) if (name === "set-cookie") this.#set(value);
  }

  #set(line) {
    const { name, value, attributes } = parseSetCookie(line);
    if (attributes["max-age"] === "0" || value === "") this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }

  get(name) {
    return this.#cookies.get(name);
  }

  put(name, value) {
    this.#cookies.set(name, value);
  }

  names() {
    return [...this.#cookies.keys()];
  }

  remove(name) {
    this.#cookies.delete(name);
  }

  clear() {
    this.#cookies.clear();
  }

  /** The session cookie, whichever prefix it has, or the one that a profile gives another name. */
  session() {
    return [...this.#cookies].find(([name]) => name.endsWith(".session_token") || name === "__Secure-sid")?.[1];
  }

  /** The Cookie header, or undefined when there is nothing to send. */
  header() {
    if (this.#cookies.size === 0) return undefined;
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  copy() {
    const other = new Jar();
    for (const [name, value] of this.#cookies) other.put(name, value);
    return other;
  }
}

/** RFC 6265 §5.2, for well-formed lines: {name, value, attributes} with attribute names in lower case. */
export function parseSetCookie(line) {
  const [pair, ...rest] = line.split(";");
  const at = pair.indexOf("=");
  const attributes = {};
  for (const part of rest) {
    const [key, ...value] = part.trim().split("=");
    attributes[key.toLowerCase()] = value.join("=");
  }
  return { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim(), attributes };
}
