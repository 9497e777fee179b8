// Runs scenarios against targets and reports, one JSON line for each scenario, whether anybody could
// tell the targets apart.
//
//   node run.mjs --targets reference,postern [--interop] [--only TEXT] [--jobs N] [--show]
//
// DATABASE_URL names a PostgreSQL server on which databases may be created; COMPAT_POSTERN the binary.
// Without --interop each target has its own database and the transcripts are compared; the first target
// is the one that is right. With it all share one database and scenarios/interop's own assertions decide.
// --show adds the first target's normalised transcript to each line.
// Exit code 0: no difference; 1: differences; 2: could not run.

import { parseArgs } from "node:util";
import { compareAll } from "./lib/comparison.mjs";
import { interoperate } from "./lib/interoperation.mjs";

const { values } = parseArgs({
  options: {
    targets: { type: "string", default: "reference,reference" },
    interop: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "4" },
    show: { type: "boolean", default: false },
  },
});

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(2));

let failures = 0;
let count = 0;

function report(result) {
  count++;
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
  await (values.interop ? interoperate : compareAll)(settings, report);
  console.log(JSON.stringify({ done: true, count, failures }));
  process.exit(failures === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(2);
}
