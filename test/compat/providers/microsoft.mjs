// Microsoft Entra ID, as https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow describes it.

import { raw } from "./answers.mjs";
import { authorize } from "./authorization.mjs";
import { told } from "./bearer.mjs";
import { token } from "./tokens.mjs";

const authority = "https://login.microsoftonline.com";
export const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

export const microsoft = {
  id: "microsoft",
  clientID: "535fb089-9ff3-47b6-9bfb-4f1264799865",
  clientSecret: "compat-microsoft-secret",
  // The tenant "common" has no issuer of its own: each token tells its tenant's.
  issuer: `${authority}/${tenant}/v2.0`,
  scopes: ["openid", "profile", "email", "User.Read", "offline_access"],
  challenge: true,
  kids: ["microsoft-1"],
  endpoints: {
    authorize: { url: `${authority}/common/oauth2/v2.0/authorize`, answer: authorize },
    token: { url: `${authority}/common/oauth2/v2.0/token`, answer: token },
    keys: { url: `${authority}/common/discovery/v2.0/keys`, answer: ({ keys }) => keys.jwks() },
    photo: {
      url: "https://graph.microsoft.com/v1.0/me/photos/48x48/$value",
      answer: told((plan) => plan.photo ?? raw(404, "{}", "application/json")),
    },
  },
  person: ({ number, name, email }) => ({ subject: `00000000-0000-4000-8000-${number.slice(0, 12)}`, name, email, verified: true }),
  claims: ({ subject, name, email, verified }) => ({
    sub: `pairwise-${subject}`,
    oid: subject,
    tid: tenant,
    ver: "2.0",
    name,
    preferred_username: email,
    email,
    email_verified: verified,
  }),
};
