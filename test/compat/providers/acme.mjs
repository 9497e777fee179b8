// An OpenID provider like any other: everything is in its discovery document (OpenID Connect Discovery 1.0 section 3).

import { authorize } from "./authorization.mjs";
import { told } from "./bearer.mjs";
import { token } from "./tokens.mjs";

const host = "https://idp.acme.test";

export const acme = {
  id: "acme",
  clientID: "acme-client",
  clientSecret: "acme secret: %+&",
  issuer: host,
  // Found by its address rather than known by name, it is an issuer at the address where it really is.
  discovered: true,
  scopes: ["openid", "profile", "email"],
  challenge: true,
  nonce: true,
  kids: ["acme-1", "acme-2"],
  endpoints: {
    discovery: { url: `${host}/.well-known/openid-configuration`, answer: discover },
    authorize: { url: `${host}/authorize`, answer: authorize },
    token: { url: `${host}/token`, answer: token },
    keys: { url: `${host}/keys`, answer: ({ keys }) => keys.jwks() },
    user: { url: `${host}/userinfo`, answer: told((plan) => plan.user(claimsOf(plan.person))) },
  },
  person: ({ number, name, email }) => ({ subject: `acme|${number}`, name, email, verified: true, image: `https://idp.acme.test/p/${number}.png` }),
  claims: claimsOf,
};

function claimsOf({ subject, name, email, verified, image }) {
  return { sub: subject, name, email, email_verified: verified, picture: image };
}

function discover({ issuer, at }) {
  const { authorize, token, keys, user } = acme.endpoints;
  return {
    issuer,
    authorization_endpoint: at(authorize.url),
    token_endpoint: at(token.url),
    userinfo_endpoint: at(user.url),
    jwks_uri: at(keys.url),
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_post"],
    code_challenge_methods_supported: ["S256"],
    scopes_supported: ["openid", "profile", "email"],
  };
}
