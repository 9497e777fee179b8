// Finds the scenario files of a folder: each exports `profile` (default "sample") and `scenarios`, an
// object from a name in words to an async function; and `alone` when no other scenario may run meanwhile.
// One that exports `profiles` is played under each of them. A scenario that makes sense in one direction
// only is an object {only: "<name of the second target>", run}.

import { readdir } from "node:fs/promises";

/** @returns [{file, profile, name, run, toward, alone}] of those whose file or name contains `only` */
export async function load(folder, only) {
  const base = new URL(`../${folder}/`, import.meta.url);
  const files = (await readdir(base)).filter((file) => file.endsWith(".mjs")).sort();
  const found = [];
  for (const file of files) {
    const { profile = "sample", profiles = [profile], scenarios, alone = false } = await import(new URL(file, base));
    for (const played of profiles) {
      const suffix = profiles.length > 1 ? ` (${played})` : "";
      for (const [name, scenario] of Object.entries(scenarios)) {
        const { run = scenario, only: toward } = scenario;
        found.push({ file: file.replace(".mjs", ""), profile: played, name: name + suffix, run, toward, alone });
      }
    }
  }
  return found.filter(({ file, name }) => `${file}: ${name}`.includes(only));
}

/** Groups scenarios by profile, in order of appearance. */
export function byProfile(scenarios) {
  const groups = new Map();
  for (const scenario of scenarios) {
    groups.set(scenario.profile, [...(groups.get(scenario.profile) ?? []), scenario]);
  }
  return groups;
}

/** Runs `work` over the items, at most `jobs` at once; one at a time when one of them is to be alone. */
export async function inParallel(items, jobs, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: items.some(({ alone }) => alone) ? 1 : jobs }, worker));
}
