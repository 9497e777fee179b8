// Where Postern's social sign-in differs from better-auth's on purpose.

const parametersOf = (url) => [...new URL(url).searchParams].map((pair) => pair.join("=")).sort();

/** Whether one URL of this provider's has these parameters and the other has not, and nothing else differs. */
function addsParameters({ at, expected, actual }, endpoint, names) {
  if (!["headers.location", "body.url"].includes(at) || !`${expected}`.startsWith(endpoint) || !`${actual}`.startsWith(endpoint)) return false;
  const others = parametersOf(actual).filter((pair) => !names.includes(pair.split("=")[0]));
  return JSON.stringify(others) === JSON.stringify(parametersOf(expected));
}

const addsNonce = ({ at, expected, actual }) =>
  (expected === undefined && /\.idTokenNonce$|^body\.data\.nonce$/.test(at)) ||
  (/idToken$/.test(at) && `${expected}`.includes("appleid.apple.com") && `${actual}`.replace(/"nonce":"[^"]*",/, "") === expected);

const apple = "https://appleid.apple.com/auth/authorize?";
const discord = "https://discord.com/api/oauth2/authorize?";
const errorOf = (location) => `${location}`.match(/[?&]error=(\w+)/)?.[1];

/** Differences of any scenario of social sign-in: {covers(difference), reason}. */
export const rules = [
  {
    covers: ({ at, expected }) => /verification\.\d+\.value\.json\.provider$/.test(at) && expected === undefined,
    reason: "the state says which provider it was made for, and serves no other",
  },
  {
    covers: (difference) => addsParameters(difference, apple, ["nonce"]) || addsNonce(difference),
    reason: "Apple is sent a nonce, which its ID token has to tell (OpenID Connect Core section 3.1.2.1)",
  },
  {
    covers: (difference) =>
      addsParameters(difference, discord, ["code_challenge", "code_challenge_method"]) || (difference.expected === undefined && /form\.code_verifier$/.test(difference.at)),
    reason: "PKCE is used with every provider (RFC 9700 section 2.1.1)",
  },
  {
    covers: ({ at, expected, actual }) => at === "answer" && expected.status === 500 && actual.status === 302 && errorOf(actual.location) !== undefined,
    reason: "whatever a provider answers, the browser is sent back with an error; better-auth fails with 500",
  },
  {
    covers: ({ at, expected, actual }) => at === "headers.location" && errorOf(expected) === "unable_to_get_user_info" && errorOf(actual) === "invalid_code",
    reason: "an answer without an access token is none (RFC 6749 section 5.1)",
  },
];

const accessToken = "an answer without an access token is none (RFC 6749 section 5.1)";
const idToken = "an OpenID provider that is found by discovery has to give an ID token (OpenID Connect Core section 3.1.3.3)";
const audience = "a token for several audiences has to say for which client it was made (OpenID Connect Core section 3.1.3.7)";
const issued = "an ID token that was issued in the future is not valid yet";
const address = "an address has to be one that mail can reach, with one @ and no letters that look like others";
const text = "control characters are left out of a name";
const gitHub = "of GitHub's addresses the one counts that is primary and verified";
const gitHubAway = "where GitHub does not tell the addresses, nobody knows whether one is verified";
const tenant = "a Microsoft token has to tell its tenant, which has to be its issuer's";
const taken = "an address that somebody else has is left as it was, and the rest is brought; better-auth fails with 500";

/** The same difference in several steps, as in differences.mjs. */
const inSteps = (scenario, steps, reason, at = "") => steps.map((step) => ({ scenario, step, at, reason }));

export const singleSocial = [
  ...inSteps("social-answers: an access token is not needed where the ID token says all", [2, 3, 17, 18], accessToken),
  ...inSteps("social-answers: an access token is not needed where the ID token says all", [14, 15], idToken),
  ...inSteps("social-answers: an ID token that is none", [12, 28], idToken),
  ...inSteps("social-answers: a name may be anything", [6, 14, 15], text),
  ...inSteps("social-answers: addresses that no mail would reach", [2, 4, 6, 8, 10, 12, 14, 16], address),
  ...inSteps("social-answers: google's claims have other types", [33], "no picture is null, not an empty text", "value.user.image"),
  ...inSteps("social-answers: github's public address need not be the primary one", [3, 6, 9], gitHub, "value.user.email"),
  ...inSteps("social-answers: a discovered provider tells the person at userinfo", [28], "what the ID token has told is not asked for again", "value.25"),
  ...inSteps("social-answers: a discovered provider's ID token is verified", [8, 9], audience),
  ...inSteps("social-answers: a discovered provider's ID token is verified", [29, 30], issued),
  ...inSteps("social-answers: github keeps the address to itself", [5, 6, 11, 12, 26, 27, 29, 30], gitHub),
  ...inSteps("social-answers: github keeps the address to itself", [17, 23, 24], gitHubAway),
  ...inSteps("social-answers: microsoft's people are known by oid", [11, 12, 14, 15], tenant),
  ...inSteps("social-answers: apple tells the name once, beside the ID token", [32], "a list is no name", "value.user.name"),
  ...inSteps("social-answers: apple tells the name once, beside the ID token", [39], "a list is no name", "value.user.7.name"),
  ...inSteps("social-answers: microsoft has a photo or none", [9], "a page is no photo", "value.user.image"),
  ...inSteps("social-bodies: the body of get-access-token", [41], "unknown members are told in the order of the alphabet", "body.message"),
  ...inSteps("social-bodies: the body of refresh-token", [41], "unknown members are told in the order of the alphabet", "body.message"),
  ...inSteps("social-callback: an unknown state ends at the default error page", [3], "a state with a NUL is unknown; better-auth fails in its database", "headers.location"),
  ...inSteps("social-callback: a state does not serve another provider", [2], "the state says which provider it was made for, and serves no other", "headers.location"),
  ...inSteps("social-identity: an address that the provider has not verified is nobody's, unless the provider is trusted", [2], gitHub, "headers.location"),
  ...inSteps("social-idtoken: what is no token is refused", [25, 26], "every text has a greatest length", "answer"),
  ...inSteps("social-idtoken: a wrong token of acme's is refused", [20], issued, "answer"),
  ...inSteps("social-idtoken: a wrong token of acme's is refused", [37], issued, "value.session"),
  ...inSteps("social-idtoken: an audience may be one of several", [2], audience, "answer"),
  ...inSteps("social-idtoken: no address, no user", [7, 8], "it is told that the address is missing, whoever the provider is"),
  ...inSteps("social-idtoken: an account is not linked by just any token", [6], "a token without a subject is no valid token (OpenID Connect Core section 2)", "body"),
  ...inSteps("social-idtoken: an address that is not verified", [6, 12], "the user is told as they are after the sign-in, with an address that it has proved", "body.user.emailVerified"),
  ...inSteps("social-info: a person has changed since", [2], gitHub, "body.user.email"),
  ...inSteps("social-info: each provider tells in its own words", [3], "a name that is not told is left out, whoever the provider is", "body.user.name"),
  ...inSteps("social-info: a bad day at the provider", [3], "a profile without a subject is nobody's", "answer"),
  ...inSteps("social-request: all that is asked for is kept for the callback", [4], "an empty place to go to is none", "value.verification.2.value.json"),
  ...inSteps("social-tokens: each provider renews", [11], "a renewal is for the scopes that were granted (RFC 6749 section 6)", "value.6.form.scope"),
  ...inSteps("social-tokens: a renewal may tell less", [16, 18], "an empty refresh token replaces none"),
  ...inSteps("social-unlink: somebody else's account stays", [5], "no id has a NUL in it", "body"),
  ...inSteps("social-open: tokens from before encryption are told as they are", [4], "what is too short to be encrypted was never encrypted", "answer"),
  ...inSteps("social-open: an address that is taken is not brought", [2, 3, 4], taken),
  ...inSteps("social-strict: a key of later is found", [2], "keys are fetched again after a while only, so that nobody can have the server ask at will; providers publish keys long before", "answer"),
];
