// What one scenario says about the endpoints it touched.

/**
 * The answers to an endpoint are "same", "different" (an accepted difference) or "unserved" (the reference does not have it either,
 * as this profile lacks the plugin: empty 404 at both).
 * @param transcript the reference's
 * @param explained [{step, reason}] of differences.mjs
 * @returns {name of endpoint: {answers: [...], reasons: [...]}}
 */
export function outcomes(transcript, explained, endpointOf) {
  const found = {};
  for (const [index, entry] of transcript.entries()) {
    const name = entry.request && endpointOf(entry.request);
    if (!name) continue;
    const here = explained.filter(({ step }) => step === index + 1);
    const outcome = (found[name] ??= { answers: [], reasons: [] });
    add(outcome.answers, answer(entry, here));
    for (const { reason } of here) add(outcome.reasons, reason);
  }
  return found;
}

function answer({ status, text }, explained) {
  if (explained.length > 0) return "different";
  return status === 404 && text === "" ? "unserved" : "same";
}

function add(list, value) {
  if (!list.includes(value)) list.push(value);
}
