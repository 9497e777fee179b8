// The authorization endpoint (RFC 6749 section 4.1.1, RFC 7636 section 4.3): what the browser brings is checked, and the person
// behind it does what the scenario planned.

import { failure, raw } from "./answers.mjs";

/**
 * @param call {url, method, demand, grants, provider, callbackURL, attribute}; demand(condition, complaint) writes down what is out of order
 * @returns a redirect to the client, or the form that posts there
 */
export async function authorize(call) {
  const { url, grants, attribute } = call;
  const plan = grants.plan(url.searchParams.get("state"));
  if (!plan) return failure(400, { error: "invalid_request", error_description: "nobody is behind this state" });
  attribute(plan);
  check(call, Object.fromEntries(url.searchParams));
  const request = Object.fromEntries(url.searchParams);
  return decide(call, plan, request);
}

function check({ url, method, demand, provider, callbackURL }, request) {
  demand(method === "GET", `method ${method}`);
  for (const name of new Set(url.searchParams.keys())) {
    demand(url.searchParams.getAll(name).length === 1, `${name} is given more than once`);
  }
  demand(request.client_id === provider.clientID, `client_id ${request.client_id}`);
  demand(request.response_type === (provider.responseType ?? "code"), `response_type ${request.response_type}`);
  demand(request.response_mode === provider.responseMode, `response_mode ${request.response_mode}`);
  demand(request.redirect_uri === callbackURL, `redirect_uri ${request.redirect_uri}`);
  demand(/^[\w-]{32,}$/.test(request.state), `state ${request.state}`);
  const scopes = request.scope?.split(" ") ?? [];
  for (const scope of provider.scopes) demand(scopes.includes(scope), `scope lacks ${scope}`);
  if (provider.challenge) {
    demand(request.code_challenge_method === "S256", `code_challenge_method ${request.code_challenge_method}`);
    demand(/^[\w-]{43}$/.test(request.code_challenge), `code_challenge ${request.code_challenge}`);
  }
  if (provider.nonce) demand(request.nonce?.length >= 16, `nonce ${request.nonce}`);
}

async function decide({ grants, provider, callbackURL, sign }, plan, request) {
  const { state } = request;
  const grant = { provider, plan, request };
  const granted = plan.refuses ?? { code: grants.code(grant) };
  const front = provider.responseType?.includes("id_token") && !plan.refuses ? { id_token: await sign(grant) } : {};
  const answer = plan.callback({ ...granted, ...front, state });
  const parameters = new URLSearchParams(Object.entries(answer).filter(([, value]) => value !== undefined));
  if (provider.responseMode === "form_post") return raw(200, `${parameters}`, "application/x-www-form-urlencoded", { "x-action": callbackURL });
  return raw(302, "", "text/plain", { location: `${callbackURL}?${parameters}` });
}
