// A person at a browser: cookies, the headers a browser adds, and the official better-auth client.

import { createAuthClient } from "better-auth/client";
import { Jar } from "./jar.mjs";
import { header } from "./wire.mjs";

const userAgent = "Mozilla/5.0 (X11; Linux x86_64) Compat/1.0";

export class Browser {
  #world;

  constructor(world, { jar = new Jar() } = {}) {
    this.#world = world;
    this.jar = jar;
    this.use();
  }

  /** Makes the client anew, with these of its plugins. */
  use(...plugins) {
    this.client = createAuthClient({
      baseURL: this.#world.target.baseURL,
      fetchOptions: { customFetchImpl: (url, init) => this.#fetch(url, init) },
      plugins,
    });
    return this;
  }

  /** The session token alone, as the client would keep it for bearer use. */
  get token() {
    return decodeURIComponent(this.jar.session() ?? "").split(".")[0];
  }

  /** The signed value, percent-decoded. */
  get signed() {
    return decodeURIComponent(this.jar.session() ?? "");
  }

  /** Another browser window with the same cookies as of now. */
  copy() {
    const other = new Browser(this.#world, { jar: this.jar.copy() });
    return Object.assign(other, { email: this.email, password: this.password });
  }

  /** Follows a link, as a navigation; redirects are recorded, not followed. */
  open(link) {
    const url = new URL(link, this.#world.target.baseURL);
    return this.#request("GET", url.pathname + url.search, {
      headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none" },
    });
  }

  /**
   * Goes where an identity provider sends the person: {url, form}. A form comes from the provider's own page, so that no SameSite=Lax
   * cookie goes with it, and the redirect that answers it is followed.
   */
  async follow({ url, form }) {
    if (form === undefined) return this.open(url);
    const posted = await this.#world.request("POST", new URL(url).pathname, {
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://provider.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
      body: form,
    });
    return this.open(header(posted, "location"));
  }

  get(path, options = {}) {
    return this.#request("GET", path, options);
  }

  /** A request by a script of the page itself. */
  post(path, body, options = {}) {
    const headers = { origin: this.#world.target.baseURL, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
    return this.#request("POST", path, { ...options, body, headers: { ...headers, ...options.headers } });
  }

  async #request(method, path, { headers = {}, body } = {}) {
    const exchange = await this.#world.request(method, path, {
      headers: { "user-agent": userAgent, cookie: this.jar.header(), ...headers },
      body,
    });
    this.jar.absorb(exchange.headers);
    return exchange;
  }

  // What the official client calls in place of fetch.
  async #fetch(input, init) {
    const url = new URL(input);
    const headers = Object.fromEntries(new Headers(init.headers).entries());
    const path = url.pathname.replace("/api/auth", "") + url.search;
    const method = init.method ?? "GET";
    const exchange =
      method === "GET" ? await this.get(path, { headers }) : await this.post(path, init.body, { headers });
    const bodyless = exchange.text === "" ? null : exchange.text;
    return new Response(bodyless, {
      status: exchange.status,
      statusText: exchange.reason,
      headers: exchange.headers.filter(([name]) => name !== "transfer-encoding"),
    });
  }
}
