// Endpoints that tell about the person to whom an access token belongs (RFC 6750 section 2.1).

import { failure } from "./answers.mjs";

/** An endpoint that answers with what `tell` makes of the grant's plan. */
export const told = (tell) => async (call) => {
  const { method, headers, url, grants, demand, attribute, provider } = call;
  const [scheme, accessToken] = headers.authorization?.split(" ") ?? [];
  const grant = grants.grantOf(accessToken);
  if (grant) attribute(grant.plan);
  demand(method === "GET", `method ${method}`);
  demand(scheme === "Bearer", `authorization scheme ${scheme}`);
  // An access token belongs into the header alone (RFC 6750 section 2.3).
  demand(!url.searchParams.has("access_token"), "access_token in the query");
  if (!grant || grant.provider !== provider) return failure(401, { message: "Bad credentials" });
  return tell(grant.plan, call);
};
