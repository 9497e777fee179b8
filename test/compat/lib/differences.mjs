// Where Postern differs from better-auth on purpose, and why. Whatever is not listed here fails the
// comparison, and so does an entry of a scenario that no longer happens.

import { rules, singleSocial } from "./differences-social.mjs";

/** Differences of any answer: {at, reason} where better-auth has nothing and Postern has something. */
export const additions = [
  {
    at: /^headers\.cache-control$/,
    reason: "no answer of an auth API belongs in a cache; better-auth says so for get-session only",
  },
  {
    at: /^headers\.access-control-/,
    reason: "Postern lets trusted origins read its answers; better-auth leaves CORS to the server around it",
  },
];

const strictURLs = "user information, backslashes, full-width letters and other spellings that programs read differently are refused in a URL, not interpreted";
const ownSpelling = "paths are matched as they are, without resolving dot segments";
const outside = "outside the base path it is the proxied application's";
const bounded = "every text has a greatest length";
const databaseFirst = "the database, or what is remembered of it, has the last word: a session that is over is over at once, and what has changed is sent anew";
const everyCookie = "of several cookies that finding the session sets, better-auth's other endpoints send the last one alone";

const profilesWithCache = ["cachedCompact", "cachedJWT", "cachedJWE"];

// Under each profile with a cookie cache the same: {name, step, at, reason}.
const cached = (entries) =>
  profilesWithCache.flatMap((profile) =>
    entries.map(({ name, ...entry }) => ({ scenario: `cookiecache: ${name} (${profile})`, ...entry })),
  );

const unchecked = "a value of another type than the field's is 400 and named; better-auth checks none, and its database says 422 or 500";
const kept = "a value of another type than the field's is refused; better-auth keeps what its database driver makes of it";
const givenAway = "the fields of a sign-up do not tell whether the address is taken: both answers have gone through the database";
const wide = "a bigint is shown as a number, not as text";

/** The same difference in several steps. */
const each = (from, to, entry) => Array.from({ length: to - from + 1 }, (_, index) => ({ ...entry, step: from + index }));
const longAddress = "an address has at most 64 characters before the @ and 254 in all (RFC 5321 section 4.5.3.1)";
const noEndpoint = "a path that is no endpoint is 404 and is not counted";


/** Differences of one scenario: {scenario: "file: name", step, at, reason}; `at` is a prefix of the place. */
export const single = [
  {
    scenario: "verification: redirects keep query and fragment",
    step: 7,
    at: "headers.location",
    reason: "a Location is ASCII (RFC 9110 section 10.2.2); better-auth sends the characters as latin-1",
  },
  { scenario: "bodies: long texts meet their limits", step: 9, at: "answer", reason: bounded },
  { scenario: "callback: callbackURL is a path or a trusted place", step: 68, at: "answer", reason: strictURLs },
  { scenario: "callback: callbackURL is a path or a trusted place", step: 95, at: "answer", reason: strictURLs },
  { scenario: "callback: redirectTo follows the same rules", step: 68, at: "answer", reason: strictURLs },
  { scenario: "callback: redirectTo follows the same rules", step: 95, at: "answer", reason: strictURLs },
  { scenario: "callback: links follow the same rules", step: 135, at: "answer", reason: strictURLs },
  { scenario: "callback: links follow the same rules", step: 136, at: "answer", reason: strictURLs },
  { scenario: "callback: links follow the same rules", step: 189, at: "answer", reason: strictURLs },
  { scenario: "callback: links follow the same rules", step: 190, at: "answer", reason: strictURLs },
  {
    scenario: "deletion: a link works once and expires",
    step: 2,
    at: "value.verification.0",
    reason: "an expired row stays until the next clean-up, which removes it with all others",
  },
  { scenario: "routing: paths are exact", step: 7, at: "answer", reason: ownSpelling },
  { scenario: "routing: paths are exact", step: 8, at: "answer", reason: ownSpelling },
  { scenario: "routing: paths are exact", step: 13, at: "answer", reason: outside },
  { scenario: "routing: paths are exact", step: 14, at: "answer", reason: outside },
  { scenario: "described: it is there", step: 1, at: "body.", reason: "it describes Postern's routes, made of them" },
  { scenario: "described: bodies have the same fields", step: 13, at: "value.fields", reason: "the API description names email among the fields of update-user, as refused" },
  {
    scenario: "signin: address and device are written down",
    step: 5,
    at: "value.session.3.ipAddress",
    reason: "Postern knows the address of the connection where X-Forwarded-For holds none",
  },
  { scenario: "signin: address and device are written down", step: 5, at: "value.session.4.userAgent", reason: bounded },
  ...each(1, 4, { scenario: "fields: null is no value where one is required", at: "answer", reason: unchecked }),
  ...each(1, 7, { scenario: "fields: wrong types in a session", at: "answer", reason: unchecked }),
  ...each(1, 7, { scenario: "fields: wrong types when somebody signs up", at: "answer", reason: unchecked }),
  ...each(1, 28, { scenario: "fields: wrong types in an update", at: "answer", reason: unchecked }),
  ...each(1, 12, { scenario: "fields: odd types in an update", at: "answer", reason: kept }),
  {
    scenario: "fields: a value that is taken",
    step: 2,
    at: "answer",
    reason: "a unique field's value that somebody has is 422, as at sign-up; better-auth answers 500",
  },
  { scenario: "fields: a taken address is given away", step: 2, at: "answer", reason: givenAway },
  { scenario: "fields: a taken address is given away", step: 3, at: "body.user", reason: givenAway },
  { scenario: "fields: a taken address is given away", step: 4, at: "answer", reason: givenAway },
  { scenario: "fields: a large number", step: 1, at: "headers.set-auth-jwt", reason: wide },
  { scenario: "fields: a large number", step: 1, at: "body.user.customer", reason: wide },
  { scenario: "verification: a token of another algorithm or without expiry", step: 4, at: "answer", reason: "a link without an end is none that was ever mailed" },
  {
    scenario: "profile: an address that was taken in the meantime is not changed",
    step: 1,
    at: "answer",
    reason: "an address that was taken in the meantime is a reason of its own; better-auth fails with 500",
  },
  { scenario: "profile: a name cannot be taken away", step: 1, at: "answer", reason: "a name is never null; better-auth fails with 500" },
  ...each(1, 8, { scenario: "profile: members of other types are refused", at: "answer", reason: "name and image are texts; better-auth stores what anything looks like as one" }),
  ...each(81, 84, { scenario: "bodies: addresses are checked alike wherever one is wanted", at: "", reason: longAddress }),
  ...each(89, 92, { scenario: "bodies: addresses are checked alike wherever one is wanted", at: "", reason: longAddress }),
  { scenario: "limited: a slash at the end is no way around", step: 1, at: "value.3", reason: noEndpoint },
  ...each(1, 5, { scenario: "limited: what only begins like a limited endpoint", at: "value.3", reason: noEndpoint }),
  ...each(1, 30, { scenario: "trusted: odd spellings are refused", at: "answer", reason: strictURLs }),
  ...[2, 3, 4, 5].flatMap((step) =>
    cached(["cookies.", "body"].map((at) => ({ name: "the database has the last word", step, at, reason: databaseFirst }))),
  ),
  ...cached(["cookies.", "headers.set-auth-token"].map((at) => ({ name: "another endpoint renews", step: 2, at, reason: everyCookie }))),
  { scenario: "cookies: several cookies on the way of another endpoint", step: 1, at: "cookies.", reason: everyCookie },
  ...each(1, 8, {
    scenario: "cookiecache: what is no base64 is taken away (cachedCompact)",
    at: "answer",
    reason: "a cookie cache that is no base64 is as good as any other that is nothing; better-auth answers 500",
  }),
  ...["cookies.", "body"].map((at) => ({
    scenario: "bearer: tokens in odd forms",
    step: 1,
    at,
    reason: "a dot that is percent-encoded is a dot",
  })),
  // The session is seen for the first time where the other has seen it before.
  { scenario: "bearer: tokens in odd forms", step: 6, at: "body.", reason: "a dot that is percent-encoded is a dot" },
  { scenario: "bearer: tokens in odd forms", step: 11, at: "cookies.", reason: "what can be no token is nothing, not an unknown one" },
  ...singleSocial,
];

/**
 * Parts the differences found in one scenario into the unexpected ones, the explained ones ({step, reason}; additions need no
 * mention) and the entries that went stale.
 */
export function accepted(scenario, found) {
  const entries = single.filter((entry) => entry.scenario === scenario);
  const covers = (entry, difference) => entry.step === difference.step && difference.at.startsWith(entry.at);
  const parts = { unexpected: [], explained: [] };
  for (const difference of found) {
    const entry = entries.find((entry) => covers(entry, difference)) ?? ruleFor(difference);
    if (entry) parts.explained.push({ step: difference.step, reason: entry.reason });
    else if (!isAddition(difference)) parts.unexpected.push(difference);
  }
  return { ...parts, stale: entries.filter((entry) => !found.some((difference) => covers(entry, difference))) };
}

const used = new Set();

function ruleFor(difference) {
  const rule = rules.find(({ covers }) => covers(difference));
  if (rule) used.add(rule);
  return rule;
}

/** The reasons that nothing has needed so far. */
export const unused = () => rules.filter((rule) => !used.has(rule)).map(({ reason }) => reason);

// Beside what better-auth lets scripts read, Postern may let them read more.
function isAddition({ at, expected, actual }) {
  const extended = expected === undefined || `${actual}`.startsWith(`${expected}, `);
  return extended && actual !== undefined && additions.some((addition) => addition.at.test(at));
}
