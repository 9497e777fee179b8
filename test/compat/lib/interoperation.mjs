// Two targets on one database: every scenario of interop/ in both directions, or in the one that it names. These assert by
// themselves, as there is no second run to compare with.

import { byProfile, inParallel, load } from "./scenarios.mjs";
import { startTargets } from "./targets.mjs";
import { World } from "./world.mjs";

export async function interoperate({ names, only, jobs, serverURL }, report) {
  const scenarios = await load("interop", only);
  if (scenarios.length === 0) throw new Error(`no scenario contains ${JSON.stringify(only)}`);
  for (const [profile, group] of byProfile(scenarios)) {
    const { targets, secret, stop } = await startTargets(names, { profile, serverURL, shared: true });
    const directed = group.flatMap((scenario) =>
      directions(targets, scenario.toward).map((pair) => ({ scenario, pair, alone: scenario.alone })),
    );
    try {
      await inParallel(directed, jobs, async ({ scenario, pair }) => report(await judge(scenario, pair, secret)));
    } finally {
      await stop();
    }
  }
}

function directions([first, second], toward) {
  const both = [
    [first, second],
    [second, first],
  ];
  const meant = both.filter(([, there]) => toward === undefined || there.name === toward);
  if (meant.length === 0) throw new Error(`no target is called ${JSON.stringify(toward)}`);
  return meant;
}

async function judge({ file, name, run }, [here, there], secret) {
  const title = `${name} (${here.name} to ${there.name})`;
  const began = Date.now();
  const problems = [];
  const worlds = { here: new World(here, title), there: new World(there, title) };
  try {
    await run({ ...worlds, secret });
  } catch (error) {
    problems.push(error.stack);
  }
  // Both are served by the same providers, and are about the same people.
  problems.push(...worlds.here.complaints().map((complaint) => `an identity provider: ${complaint}`));
  return { file, name: title, ok: problems.length === 0, ms: Date.now() - began, problems };
}
