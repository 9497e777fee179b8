// docs/compatibility.md from the results of one comparison. Nothing is called the same that no passing scenario of that
// very run has shown.

import { readFileSync } from "node:fs";
import { nameOf } from "./catalogue.mjs";
import { additions, single } from "./differences.mjs";

const packages = JSON.parse(readFileSync(new URL("../package.json", import.meta.url))).dependencies;

// Published apart from better-auth itself.
const elsewhere = ["api-key", "electron", "expo", "i18n", "oauth-provider", "passkey", "scim", "sso", "stripe"];

/** @param results of comparison.mjs, each with its outcomes */
export function compatibility({ core, plugins }, results) {
  const passed = results.filter(({ ok }) => ok);
  const version = packages["better-auth"];
  return `# Compatibility with better-auth

<!-- Generated from a run of test/compat. Do not edit; run: make compat-report -->

Every statement on this page was observed in one run of \`test/compat\`: ${passed.length} scenarios, each played by the official client of
better-auth ${version} (and, for malformed requests, as raw HTTP) against a better-auth ${version} server and against Postern, each with a
PostgreSQL database of its own. Status, headers, cookies and their attributes, bodies, redirects, mails and database rows were compared.

- **same**: in that many scenarios nobody could tell the two apart.
- **same, except**: the answers differ only as the last column says; all else is the same.
- **absent**: Postern answers 404 with an empty body, as better-auth does for a route it does not have.

What every answer may have in addition:

${additions.map(({ at, reason }) => `- \`${headerName(at)}\`: ${reason}.`).join("\n")}

Moving from better-auth is described in [migrating-from-better-auth.md](migrating-from-better-auth.md).

## Core endpoints

All below \`/api/auth\`.

| Endpoint | Postern | Scenarios | What differs |
| --- | --- | --: | --- |
${core.map((endpoint) => row(`\`${nameOf(endpoint)}\``, standing([nameOf(endpoint)], passed))).join("\n")}

Differences that belong to no single endpoint:

${general(core, passed)}

## Plugins

| Plugin | Postern | Scenarios | Endpoints |
| --- | --- | --: | --- |
${plugins.map((plugin) => pluginRow(plugin, passed)).join("\n")}

Plugins without endpoints of their own change what happens in the server; of those Postern has the ones marked as the same. Absent as
well are the plugins that are published as packages of their own, such as ${elsewhere.map((name) => `\`${name}\``).join(", ")}.
`;
}

function headerName(pattern) {
  const name = pattern.source.replace(/^\^headers\\\./, "").replace(/\$$/, "");
  return name.endsWith("-") ? `${name}*` : name;
}

function row(title, { word, scenarios, reasons }) {
  return `| ${title} | ${word} | ${scenarios || ""} | ${reasons.join("; ")} |`;
}

/** How these endpoints stand, taken together. */
function standing(names, passed) {
  const touching = passed.map(({ endpoints }) => names.flatMap((name) => endpoints[name] ?? [])).filter((found) => found.length > 0);
  const shown = touching.filter((found) => found.some(({ answers }) => answers.includes("same") || answers.includes("different")));
  // Scenarios end in any order.
  const reasons = [...new Set(touching.flat().flatMap((outcome) => outcome.reasons))].sort();
  if (touching.length === 0) return { word: "not compared", scenarios: 0, reasons };
  if (shown.length === 0) return { word: "absent", scenarios: 0, reasons: [] };
  return { word: reasons.length > 0 ? "same, except" : "same", scenarios: shown.length, reasons };
}

// Accepted differences in rows, and in requests that name no endpoint.
function general(core, passed) {
  const attributed = new Set(passed.flatMap(({ endpoints }) => Object.values(endpoints).flatMap(({ reasons }) => reasons)));
  const others = new Map(single.filter(({ reason }) => !attributed.has(reason)).map(({ reason, at }) => [reason, at]));
  return [...others].map(([reason, at]) => `- ${placeOf(at)}${reason}.`).join("\n");
}

function placeOf(at) {
  const column = at.match(/^value\.(\w+)\.\d+(?:\.(\w+))?/);
  return column ? `table \`${column[1]}\`${column[2] ? `, \`${column[2]}\`` : ""}: ` : "";
}

function pluginRow({ name, shownBy, endpoints }, passed) {
  const paths = endpoints.map((endpoint) => `\`${nameOf(endpoint)}\``).join(", ");
  if (endpoints.length > 0) {
    const { word, scenarios } = standing(endpoints.map(nameOf), passed);
    return `| ${name} | ${word} | ${scenarios || ""} | ${word === "absent" ? endpoints.length : paths} |`;
  }
  const showing = passed.filter(({ file }) => file === shownBy).length;
  return `| ${name} | ${showing > 0 ? "same" : "absent"} | ${showing || ""} | none of its own |`;
}
