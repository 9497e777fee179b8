// The browser: a Chromium of this machine's, since the suite downloads none.

import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

// What the distributions call it.
const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * Starts it with an empty profile. No name leads anywhere but to this machine. Each of its windows has cookies
 * of its own, and sends none to other sites than the one in the address bar: Chromium's default in incognito windows.
 */
export async function launch(settings) {
  return chromium.launch(options(settings));
}

/** A window that sends cookies to other sites, too, as browsers used to. Its profile is kept in a folder, an empty one. */
export async function lenientWindow(settings, folder, context) {
  mkdirSync(join(folder, "Default"));
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify({ profile: { cookie_controls_mode: 0 } }));
  return chromium.launchPersistentContext(folder, { ...options(settings), ...context });
}

const options = ({ headless }) => ({
  executablePath: process.env.CHROMIUM || find(),
  headless,
  args: [
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
  ],
});

function find() {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  throw new Error(`no browser: install Chromium (make setup), or let CHROMIUM name one; looked for ${names.join(", ")}`);
}
