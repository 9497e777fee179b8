// What one scenario sees of one target: requests, browsers, mails and rows, all of it written down.

import { createHash } from "node:crypto";
import { consent, personAt, planFor } from "../providers/consent.mjs";
import { idToken } from "../providers/start.mjs";
import { Browser } from "./browser.mjs";
import { untilTrue } from "./patience.mjs";
import { rowsOf } from "./rows.mjs";
import { send } from "./wire.mjs";

const basePath = "/api/auth";

export class World {
  #quiet = 0;

  /** @param name the scenario's, from which its addresses are made, alike at every target */
  constructor(target, name) {
    this.target = target;
    this.slug = createHash("sha256").update(name).digest("hex").slice(0, 8);
    this.transcript = [];
    this.states = new Set();
  }

  /** An address that no other scenario uses. */
  address(who) {
    return `${who}.${this.slug}@people.test`;
  }

  browser() {
    return new Browser(this);
  }

  /** Sends exactly this, without a browser's headers. "^/x" is a path outside the base path. */
  async request(method, path, { headers = {}, body, cookie } = {}) {
    const full = absolute(path);
    const at = Date.now();
    const answer = await send(this.target, { method, path: full, headers: { cookie, ...headers }, body });
    const exchange = this.target.providers ? official(answer, this.target.providers) : answer;
    for (const [, state] of exchange.text.matchAll(/[?&]state=([\w-]+)/g)) this.states.add(state);
    this.#record({ at, request: `${method} ${full}`, ...exchange });
    return exchange;
  }

  get(path, options) {
    return this.request("GET", path, options);
  }

  post(path, body, options) {
    return this.request("POST", path, { ...options, body });
  }

  /** Writes down something the scenario computed itself, such as the sorted outcomes of a race. */
  note(subject, value) {
    this.#record({ at: Date.now(), note: subject, value });
  }

  /** Does the preparations of a scenario without writing them down. */
  async quietly(prepare) {
    this.#quiet++;
    try {
      return await prepare();
    } finally {
      this.#quiet--;
    }
  }

  #record(entry) {
    if (this.#quiet === 0) this.transcript.push(entry);
  }

  /** A browser of a new user, verified and signed in. Not written down. */
  member(who = "ada", { password = "correct horse battery", name = "Ada Lovelace", image, ...fields } = {}) {
    return this.quietly(async () => {
      const email = this.address(who);
      const browser = await this.stranger(who, { password, name, image, ...fields });
      if (!browser.jar.session()) {
        await browser.open((await this.mail(email, "verify-email")).url);
      }
      if (!browser.jar.session()) {
        await browser.post("/sign-in/email", { email, password });
      }
      if (!browser.jar.session()) throw new Error(`no session for ${email} at ${this.target.name}`);
      return browser;
    });
  }

  /** A browser of somebody who signed up and did nothing more. Not written down. */
  stranger(who = "ada", { password = "correct horse battery", name = "Ada Lovelace", image, ...fields } = {}) {
    return this.quietly(async () => {
      const browser = Object.assign(this.browser(), { email: this.address(who), password });
      const answer = await browser.post("/sign-up/email", { name, email: browser.email, password, image, ...fields });
      if (answer.status !== 200) throw new Error(`sign-up at ${this.target.name}: ${answer.status} ${answer.text}`);
      return browser;
    });
  }

  /** One more browser in which the same user signs in. Not written down. */
  device({ email, password }, body = {}) {
    return this.quietly(async () => {
      const browser = Object.assign(this.browser(), { email, password });
      await browser.post("/sign-in/email", { email, password, ...body });
      return browser;
    });
  }

  /** The nth (default first) mail of this kind to this address; waits for it. */
  async mail(to, kind, nth = 1) {
    return untilTrue(`${kind} mail number ${nth} to ${to} at ${this.target.name}`, async () => {
      const found = (await this.target.mails()).filter((mail) => mail.to === to && mail.kind === kind);
      return found[nth - 1];
    });
  }

  /** Writes down all mails that this scenario's people got so far. */
  async mails() {
    await this.target.settleMails(this);
    const mails = (await this.target.mails()).filter((mail) => mail.to.includes(this.slug));
    // Two mails may overtake each other on their way.
    const order = ({ to, kind, url }) => `${to} ${kind} ${new URL(url).searchParams.get("callbackURL")}`;
    this.note("mails", mails.sort((a, b) => order(a).localeCompare(order(b))));
  }

  /** Writes down the database rows of this scenario's people. */
  async rows() {
    await this.target.settleRenewals();
    this.note("rows", await rowsOf(this.target.database, this.slug, [...this.states]));
  }

  /** Whoever stands behind `who` at this identity provider: {subject, name, email, verified, …}. */
  person(provider, who = "ada", others = {}) {
    return personAt(provider, this, who, others);
  }

  /** The person follows an authorization URL and agrees, or what else `changes` say; returns where that leads, for Browser.follow. */
  consent(url, person, changes) {
    return consent(this.target.providers, url, planFor(this, person, changes));
  }

  /** The ID token that an app on the person's phone would have. */
  idToken(provider, person, changes, nonce) {
    return idToken(this.target.providers, provider, planFor(this, person, changes), nonce);
  }

  /** Writes down who is signed in in this browser: the rows of the user and of the accounts, or null. */
  async whois(browser) {
    const user = await this.quietly(async () => (await browser.client.getSession()).data?.user);
    if (!user) return this.note("who", null);
    const { rows: users } = await this.target.database.query(`select * from "user" where id = $1`, [user.id]);
    const { rows: accounts } = await this.target.database.query(`select * from account where "userId" = $1 order by "createdAt"`, [user.id]);
    this.note("who", { user: users[0], accounts });
  }

  /** Writes down what identity providers were asked on behalf of this scenario's people; their keys anybody may fetch at any time. */
  asked() {
    const own = this.target.providers.requests.filter(({ slug }) => slug === this.slug);
    this.note("asked", own.map(asked));
  }

  /** What identity providers complain about. */
  complaints() {
    const all = this.target.providers?.complaints ?? [];
    return all.filter(({ request }) => request.slug === this.slug).map(({ text }) => text);
  }

  /** Changes or reads the database behind the target's back; goes on when the target must have noticed. */
  async sql(statement, ...values) {
    await this.target.settleRenewals();
    const { rows } = await this.target.database.query(statement, values);
    await new Promise((resolve) => setTimeout(resolve, this.target.staleFor ?? 0));
    return rows;
  }

  /** The id of the user with this address. */
  async userID(email) {
    const { rows } = await this.target.database.query(`select id from "user" where email = $1`, [email]);
    return rows[0]?.id;
  }
}

// The fakes are where they are; to a scenario they are at the addresses they stand for.
function official({ headers, text, ...exchange }, providers) {
  return { ...exchange, headers: headers.map(([name, value]) => [name, providers.official(value)]), text: providers.official(text) };
}

function asked({ endpoint, method, headers, body }) {
  const { accept, authorization, "content-type": type } = headers;
  const form = Object.fromEntries(new URLSearchParams(body));
  // The fake has looked at these; a client may sign its secret anew each time.
  for (const name of ["client_secret", "code_verifier"]) if (form[name]) form[name] = `<${name}>`;
  const scheme = authorization?.split(" ")[0];
  return { endpoint, method, scheme, ...(body && { accept, type, form }) };
}

function absolute(path) {
  if (path.startsWith("^")) return path.slice(1);
  return path.startsWith(basePath + "/") ? path : basePath + path;
}
