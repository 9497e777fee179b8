// Compares what two targets did in the same scenario.

import { normalise } from "./normalise.mjs";

/**
 * @param expected, actual {name, transcript}
 * @returns [{step, request, at, expected, actual}], empty when nobody could tell the two apart
 */
export function compare(expected, actual) {
  const [left, right] = [normalise(expected.transcript), normalise(actual.transcript)];
  const differences = [];
  for (let step = 0; step < Math.max(left.length, right.length); step++) {
    const request = left[step]?.request ?? left[step]?.note ?? right[step]?.request ?? right[step]?.note;
    for (const difference of parted(left[step], right[step])) {
      differences.push({ step: step + 1, request, ...difference });
    }
  }
  return differences;
}

// Answers of different status are different answers: one difference, not one for each of their parts.
function parted(expected, actual) {
  if (expected?.status === undefined || actual?.status === undefined || expected.status === actual.status) {
    return differ(expected, actual, "");
  }
  const brief = ({ status, headers, body }) => ({ status, body, ...(headers.location && { location: headers.location }) });
  return [{ at: "answer", expected: brief(expected), actual: brief(actual) }];
}

function differ(expected, actual, at) {
  if (Object.is(expected, actual)) return [];
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return [{ at: at || "(everything)", expected, actual }];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => differ(expected[key], actual[key], at ? `${at}.${key}` : key));
}

function isObject(value) {
  return value !== null && typeof value === "object";
}

/** One difference as a person reads it. */
export function describe({ step, request, at, expected, actual }, [left, right]) {
  return [
    `step ${step}: ${request}`,
    `  ${at}`,
    `    ${left}: ${JSON.stringify(expected) ?? "absent"}`,
    `    ${right}: ${JSON.stringify(actual) ?? "absent"}`,
  ].join("\n");
}
