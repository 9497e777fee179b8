// What a case is given: people with browsers, and a stack to visit.

import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lenientWindow } from "./chromium.mjs";
import { Person } from "./person.mjs";

/**
 * A stack, as stack_test.go describes it:
 *   page      origin where the frontend is
 *   postern   origin of Postern, the same or another
 *   direct    Postern's address for this process, which knows no names
 *   letters   address where ?to=&subject= takes a letter
 *   provider  origin of the OpenID provider, or empty
 *   pictures  folder for screenshots
 */
export class World {
  #browser;
  #settings;
  #people = [];
  #profiles = [];
  #pictures = 0;
  #folder;

  constructor(browser, settings, stack, file, name) {
    this.#browser = browser;
    this.#settings = settings;
    this.stack = stack;
    this.#folder = join(stack.pictures, `${file}-${name.replace(/[^a-z0-9]+/gi, "-")}`);
  }

  /** Somebody without an account, at a browser without cookies. */
  async visitor(name, options) {
    const id = randomBytes(4).toString("hex");
    return this.elsewhere({ name: `${name} ${id}`, email: `${name}.${id}@example.test`, password: `password of ${id}` }, options);
  }

  /** Somebody who has signed up and followed the mailed link, and so is signed in. */
  async member(name, options) {
    return this.joins(await this.visitor(name, options));
  }

  /** Has a visitor sign up and follow the mailed link. */
  async joins(person) {
    await this.#signUp(person);
    await person.followsLetter("Confirm your e-mail address");
    await person.isIn();
    return person;
  }

  /**
   * The same person at another browser, without cookies. Options are Playwright's for a context, and `lenient`
   * for a window that sends cookies to other sites.
   */
  async elsewhere(who, { lenient, ...options } = {}) {
    options = {
      ignoreHTTPSErrors: true, // the certificate is the test's own
      viewport: { width: 1000, height: 900 },
      ...options,
    };
    const context = lenient
      ? await lenientWindow(this.#settings, await this.#profile(), options)
      : await this.#browser.newContext(options);
    const person = new Person(this, context, context.pages()[0] ?? (await context.newPage()), who);
    this.#people.push(person);
    return person;
  }

  async #profile() {
    const folder = await mkdtemp(join(tmpdir(), "postern-profile-"));
    this.#profiles.push(folder);
    return folder;
  }

  // Without a page: cases that are about signing up have one.
  async #signUp({ name, email, password }) {
    const response = await fetch(`${this.stack.direct}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.stack.page },
      body: JSON.stringify({ name, email, password, callbackURL: `${this.stack.page}/` }),
    });
    if (!response.ok) throw new Error(`sign-up: ${response.status} ${await response.text()}`);
  }

  /** Keeps what the people see. Options are those of Playwright's screenshot. */
  async picture(name, options) {
    mkdirSync(this.#folder, { recursive: true });
    for (const [i, person] of this.#people.entries()) {
      const file = `${String(++this.#pictures).padStart(2, "0")}-${name}${i ? `-${i + 1}` : ""}.png`;
      // A page that is busy going elsewhere is worth no failure.
      await person.page.screenshot({ path: join(this.#folder, file), animations: "disabled", ...options }).catch(() => {});
    }
  }

  /** What went wrong in any of the pages, whether or not the case noticed. */
  complaints() {
    return this.#people.flatMap((person) => person.complaints);
  }

  /** What the pages asked for, for whoever looks into a failure. */
  story() {
    return this.#people.flatMap((person) => [`${person.name} at ${person.page.url()}`, ...person.requests]);
  }

  async close() {
    for (const person of this.#people) await person.context.close();
    // A browser goes on tidying up for a moment.
    for (const folder of this.#profiles) await rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  }
}
