// Plays cases in a real Chromium and reports, one JSON line for each, whether people saw what they should.
//
//   node run.mjs FILE… [--only TEXT] [--jobs N] [--headed]
//
// A FILE is one of cases/, without ending. BROWSER_STACK says what is there to visit, as JSON: lib/world.mjs. It is
// browser_test.go that starts all that.
// Exit code 0: all is well; 1: cases failed; 2: could not run.

import { parseArgs } from "node:util";
import { launch } from "./lib/chromium.mjs";
import { World } from "./lib/world.mjs";

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "2" },
    headed: { type: "boolean", default: false },
  },
});
const settings = { headless: !values.headed };

// Playwright takes Chromium along when this process exits, and Chromium ends by itself when its pipe is gone.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(2));

async function load(file) {
  const { cases } = await import(`./cases/${file}.mjs`);
  return Object.entries(cases).map(([name, play]) => ({ file, name, play }));
}

async function play({ file, name, play }, browser, stack) {
  const world = new World(browser, settings, stack, file, name);
  const problems = [];
  try {
    await play(world);
    problems.push(...world.complaints());
  } catch (error) {
    await world.picture("failed");
    problems.push(error.stack, ...world.complaints(), ...world.story());
  }
  await world.close();
  return { file, name, ok: problems.length === 0, problems };
}

try {
  const stack = JSON.parse(process.env.BROWSER_STACK);
  const queue = (await Promise.all(files.map(load))).flat().filter(({ file, name }) => `${file}: ${name}`.includes(values.only));
  const browser = await launch(settings);
  let count = 0;
  let failures = 0;
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await play(next, browser, stack);
      count++;
      if (!result.ok) failures++;
      console.log(JSON.stringify(result));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  await browser.close();
  console.log(JSON.stringify({ done: true, count, seconds: Math.round(performance.now() / 1000) }));
  process.exit(failures === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(2);
}
