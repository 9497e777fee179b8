// Every scenario once against each target, each with its own database, and the transcripts compared.

import { catalogue, router } from "./catalogue.mjs";
import { accepted, unused } from "./differences.mjs";
import { normalise } from "./normalise.mjs";
import { outcomes } from "./outcome.mjs";
import { byProfile, inParallel, load } from "./scenarios.mjs";
import { startTargets } from "./targets.mjs";
import { compare, describe } from "./transcript.mjs";
import { World } from "./world.mjs";

const endpointOf = router(catalogue());

export async function compareAll({ names, only, jobs, show, serverURL }, report) {
  const scenarios = await load("scenarios", only);
  if (scenarios.length === 0) throw new Error(`no scenario contains ${JSON.stringify(only)}`);
  for (const [profile, group] of byProfile(scenarios)) {
    const { targets, stop } = await startTargets(names, { profile, serverURL });
    try {
      await inParallel(group, jobs, async (scenario) => report(await judge(scenario, targets, show)));
      for (const complaint of strayComplaints(targets)) report({ file: "providers", name: profile, ok: false, problems: [complaint], endpoints: {} });
    } finally {
      await stop();
    }
  }
  if (only === "" && names.includes("postern")) for (const reason of unused()) report(stale(reason));
}

const stale = (reason) => ({ file: "differences", name: reason, ok: false, problems: ["this rule of lib/differences-social.mjs is needed no more"], endpoints: {} });

// What identity providers complain about in requests that belong to no scenario.
function strayComplaints(targets) {
  return targets.flatMap(({ name, providers }) =>
    (providers?.complaints ?? []).filter(({ request }) => !request.slug).map(({ text }) => `${name} and an identity provider: ${text}`),
  );
}

async function judge({ file, name, run }, targets, show) {
  const title = `${file}: ${name}`;
  const began = Date.now();
  const runs = await Promise.all(targets.map((target) => play(title, run, target)));
  const names = targets.map((target) => target.name);
  const found = compare(...runs);
  const postern = names.includes("postern");
  const { unexpected, explained, stale } = postern
    ? accepted(title, found)
    : { unexpected: found, explained: [], stale: [] };
  const problems = [
    ...runs.flatMap(({ name, error }) => (error ? [`${name} could not finish: ${error.stack}`] : [])),
    ...runs.flatMap(({ name, complaints }) => complaints.map((complaint) => `${name} and an identity provider: ${complaint}`)),
    ...unexpected.map((difference) => describe(difference, names)),
    ...stale.map(({ step, at }) => `the accepted difference at step ${step}, ${at}, is gone: remove it from lib/differences.mjs`),
  ];
  const steps = runs[0].transcript.length;
  const shown = show ? { transcript: normalise(runs[0].transcript) } : {};
  const endpoints = outcomes(runs[0].transcript, explained, endpointOf);
  return { file, name, ok: problems.length === 0, ms: Date.now() - began, steps, problems, endpoints, ...shown };
}

async function play(title, run, target) {
  const world = new World(target, title);
  try {
    await run(world);
    return { name: target.name, transcript: world.transcript, complaints: world.complaints() };
  } catch (error) {
    return { name: target.name, transcript: world.transcript, complaints: world.complaints(), error };
  }
}
