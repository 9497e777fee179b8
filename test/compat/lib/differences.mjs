// Where Postern differs from better-auth on purpose: the scenario, the step and place in its transcript,
// and the reason. Whatever is not listed here fails the comparison, and so does an entry that no longer
// happens.

/** [{scenario: "file: name", step, at, reason}]; `at` is a prefix of the difference's place. */
export const differences = [];

/** Parts the differences found in one scenario into the unexpected ones and the entries that went stale. */
export function accepted(scenario, found) {
  const entries = differences.filter((entry) => entry.scenario === scenario);
  const covers = (entry, difference) => entry.step === difference.step && difference.at.startsWith(entry.at);
  return {
    unexpected: found.filter((difference) => !entries.some((entry) => covers(entry, difference))),
    stale: entries.filter((entry) => !found.some((difference) => covers(entry, difference))),
  };
}
