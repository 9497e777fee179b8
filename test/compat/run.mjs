// Runs scenarios against targets and reports, one JSON line for each scenario, whether anybody could
// tell the targets apart.
//
//   node run.mjs --targets reference,postern [--interop | --moving] [--only TEXT] [--jobs N] [--show] [--report FILE]
//
// DATABASE_URL names a PostgreSQL server on which databases may be created; COMPAT_POSTERN the binary.
// Without --interop each target has its own database and the transcripts are compared; the first target
// is the one that is right. With it all share one database and scenarios/interop's own assertions decide.
// --moving has Postern take over databases of several better-auth versions; --targets does not matter then.
// --show adds the first target's normalised transcript to each line; --report writes docs/compatibility.md
// from the results of a comparison with Postern.
// Exit code 0: no difference; 1: differences; 2: could not run.

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { catalogue } from "./lib/catalogue.mjs";
import { compareAll } from "./lib/comparison.mjs";
import { interoperate } from "./lib/interoperation.mjs";
import { moveIn } from "./lib/moving.mjs";
import { compatibility } from "./lib/report.mjs";

const { values } = parseArgs({
  options: {
    targets: { type: "string", default: "reference,reference" },
    interop: { type: "boolean", default: false },
    moving: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "4" },
    show: { type: "boolean", default: false },
    report: { type: "string" },
  },
});

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(2));

const began = Date.now();
let failures = 0;
const results = [];

function report(result) {
  results.push(result);
  if (!result.ok) failures++;
  console.log(JSON.stringify(result));
}

try {
  if (!process.env.DATABASE_URL) throw new Error("DATABASE_URL must name a PostgreSQL server");
  const settings = {
    names: values.targets.split(","),
    only: values.only,
    jobs: Number(values.jobs),
    show: values.show,
    serverURL: process.env.DATABASE_URL,
  };
  const play = values.moving ? moveIn : values.interop ? interoperate : compareAll;
  await play(settings, report);
  if (values.report) await writeFile(values.report, compatibility(catalogue(), results));
  console.log(JSON.stringify({ done: true, count: results.length, failures, seconds: Math.round((Date.now() - began) / 1000) }));
  process.exit(failures === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(2);
}
