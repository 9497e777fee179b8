// The token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.6).

import { createHash } from "node:crypto";
import { failure } from "./answers.mjs";

const refused = (error, status = 400) => failure(status, { error, error_description: `the fake says ${error}` });

/** Answers a request for tokens; whatever a careful client would not have sent is complained about. */
export async function token(call) {
  const { method, headers, url, demand } = call;
  demand(method === "POST", `method ${method}`);
  demand(url.search === "", `query ${url.search}`);
  demand(headers["content-type"]?.startsWith("application/x-www-form-urlencoded"), `content-type ${headers["content-type"]}`);
  const form = new URLSearchParams(call.body);
  for (const name of new Set(form.keys())) demand(form.getAll(name).length === 1, `${name} is given more than once`);
  const fields = Object.fromEntries(form);
  const answer = fields.grant_type === "refresh_token" ? refresh(call, fields) : redeem(call, fields);
  // The complaint comes after the grant is found, for it says whose fault it is.
  if (!(await authenticated(call, fields))) return refused("invalid_client", 401);
  return answer;
}

async function authenticated({ provider, headers, demand, settings }, { client_id: id, client_secret: secret }) {
  const [scheme, credentials] = headers.authorization?.split(" ") ?? [];
  if (scheme) {
    // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    const [user, password] = Buffer.from(credentials ?? "", "base64").toString().split(":").map(decodeURIComponent);
    demand(provider.basic === true && secret === undefined, "client authentication by header");
    return user === provider.clientID && password === provider.clientSecret;
  }
  demand(id === provider.clientID, `client_id ${id}`);
  const good = provider.checkSecret ? await provider.checkSecret(secret, settings, demand) : secret === provider.clientSecret;
  demand(good, "client_secret is wrong");
  return good && id === provider.clientID;
}

async function redeem(call, { grant_type: type, code, code_verifier: verifier, redirect_uri: redirectURI }) {
  const { grants, provider, demand, attribute, callbackURL } = call;
  const found = grants.redeem(code);
  if (!found || found.grant.provider !== provider) return refused("invalid_grant");
  const { grant, used } = found;
  attribute(grant.plan);
  demand(type === "authorization_code", `grant_type ${type}`);
  demand(!used, "the code is redeemed twice");
  demand(redirectURI === callbackURL, `redirect_uri ${redirectURI}`);
  const challenge = grant.request.code_challenge;
  if (challenge) demand(challengeOf(verifier ?? "") === challenge, "code_verifier does not fit the challenge");
  else demand(verifier === undefined, "code_verifier without a challenge");
  if (used) return refused("invalid_grant");
  return grant.plan.token(await issue(call, grant));
}

const challengeOf = (verifier) => createHash("sha256").update(verifier).digest("base64url");

async function refresh(call, { refresh_token: refreshToken }) {
  const { grants, provider, demand, attribute } = call;
  const found = grants.refresh(refreshToken);
  if (!found || found.grant.provider !== provider) return refused("invalid_grant");
  const { grant, used } = found;
  attribute(grant.plan);
  demand(!(used && grant.plan.rotates), "the refresh token is redeemed twice");
  if (used && grant.plan.rotates) return refused("invalid_grant");
  const { refresh_token: next, ...answer } = await issue(call, grant);
  return grant.plan.refresh(grant.plan.rotates ? { ...answer, refresh_token: next } : answer);
}

async function issue(call, grant) {
  const { grants, provider } = call;
  const answer = {
    access_token: grants.accessToken(grant),
    expires_in: grant.plan.expiresIn,
    scope: grant.request.scope,
    token_type: "Bearer",
    refresh_token: grants.refreshToken(grant),
    id_token: provider.claims && (await call.sign(grant)),
  };
  return provider.tokenAnswer ? provider.tokenAnswer(answer) : answer;
}
