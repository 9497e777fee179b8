// A person at a browser: what they do, and what they see. Whatever they wait for in vain fails the case.

import assert from "node:assert/strict";
import { letterTo } from "./letters.mjs";

const patience = 20_000;

export class Person {
  complaints = [];
  requests = [];
  trusts = new Set(); // origins

  constructor(world, context, page, { name, email, password }) {
    Object.assign(this, { world, context, page, name, email, password });
    this.stack = world.stack;
    this.trusts.add(world.stack.page).add(world.stack.postern);
    page.setDefaultTimeout(patience);
    page.on("pageerror", (error) => this.complaints.push(`the page threw ${error.stack}`));
    page.on("request", (request) => this.#stayHere(request.url()));
    page.on("response", (response) => {
      const request = response.request();
      if (request.resourceType() !== "script") this.requests.push(`${response.status()} ${request.method()} ${request.url()}`);
    });
  }

  // Nothing else may be asked for anything.
  #stayHere(address) {
    const { protocol, origin } = new URL(address);
    if (["data:", "blob:"].includes(protocol) || this.trusts.has(origin)) return;
    this.complaints.push(`the page asked for ${address}`);
  }

  /** Opens a path of the frontend, or any address. */
  async opens(path) {
    await this.page.goto(new URL(path, this.stack.page).href);
  }

  /** Goes back that many pages, as the browser's button does. */
  async goesBack(pages) {
    await this.page.evaluate((pages) => history.go(-pages), pages);
  }

  /** Fills in fields by their labels. */
  async fills(fields, within = this.page) {
    for (const [label, value] of Object.entries(fields)) await within.getByLabel(label, { exact: true }).fill(value);
  }

  async presses(name, within = this.page) {
    await within.getByRole("button", { name, exact: true }).click();
  }

  async follows(name) {
    await this.page.getByRole("link", { name, exact: true }).click();
  }

  /** Picks from the menu behind one's own name. */
  async picks(name) {
    await this.page.getByRole("button", { name: this.email }).click();
    await this.page.getByRole("menuitem", { name, exact: true }).click();
  }

  /** Waits for a text to be there for everybody to see. */
  async sees(text, within = this.page) {
    await within.getByText(text, { exact: true }).first().waitFor();
  }

  /** Waits for a text to be nowhere, be it typed into a field. */
  async seesNothingOf(text) {
    await this.page.waitForFunction((text) => {
      const typed = [...document.querySelectorAll("input")].map(({ value }) => value);
      return ![document.body.innerText, ...typed].some((shown) => shown.includes(text));
    }, text);
  }

  /** Waits until the address is this path of the frontend. */
  async isAt(path) {
    await this.page.waitForURL((url) => url.origin === this.stack.page && url.pathname === path);
  }

  /** A card of the kit's settings, by its title. */
  card(title) {
    return this.page.locator('[data-slot="card"]').filter({ has: this.page.getByText(title, { exact: true }) });
  }

  /** Waits for a field of a card to hold a value. */
  async has(title, value) {
    await this.page.waitForFunction(
      ([field, value]) => field.value === value,
      [await this.card(title).getByRole("textbox").elementHandle(), value],
    );
  }

  /** Waits for the next letter with that subject. */
  async letter(subject) {
    return letterTo(this.stack, this.email, subject);
  }

  /** Waits for it, follows its link in this browser, and returns that. */
  async followsLetter(subject) {
    const { link } = await this.letter(subject);
    assert.ok(link.startsWith(`${this.stack.postern}/api/auth/`), `letter "${subject}" leads to ${link}`);
    await this.page.goto(link);
    return link;
  }

  /** Opens the frontend, whose page has to show that the application behind Postern knows this person. */
  async isIn() {
    await this.opens("/");
    await this.sees(`200 ${this.name} <${this.email}>`);
  }

  /** Opens the frontend, whose page has to show that the application behind Postern knows nobody. */
  async isOut() {
    await this.opens("/");
    await this.sees("401 UNAUTHORIZED");
    await this.seesNothingOf(this.email);
  }

  /** Signs in by the kit's form. */
  async signsIn({ password = this.password } = {}) {
    await this.opens("/auth/sign-in");
    await this.fills({ Email: this.email, Password: password });
    await this.presses("Login");
  }

  /** What a script of the page is answered when it calls the application: {status, code} of a refusal, {status} else. */
  async calls(path) {
    return this.page.evaluate(async (address) => {
      const response = await fetch(address, { credentials: "include" });
      const { code } = await response.json();
      return code === undefined ? { status: response.status } : { status: response.status, code };
    }, this.stack.postern + path);
  }

  /** Has a script of the page send what any page can send anywhere, without a look at the answer. */
  async sends(path, body) {
    const options = { method: "POST", mode: "no-cors", credentials: "include", body };
    await this.page.evaluate(([address, options]) => fetch(address, options).then(() => {}), [this.stack.postern + path, options]);
  }

  /** Another tab of the same browser. */
  async tab() {
    return new Person(this.world, this.context, await this.context.newPage(), this);
  }

  async cookie(name, which = () => true) {
    const cookies = await this.context.cookies(this.stack.postern);
    return cookies.find((cookie) => cookie.name.endsWith(name) && which(cookie));
  }

  async shows(name, options) {
    await this.world.picture(name, options);
  }
}
