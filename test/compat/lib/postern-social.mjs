// A profile's identity providers as Postern's settings.

import { known } from "../providers/start.mjs";

/** @returns the members of auth that are about identity providers and their accounts */
export function socialSettings(profile, providers) {
  return {
    social: Object.fromEntries(Object.entries(profile.providers).map(([id, options]) => [id, { ...client(id), ...places(id, providers), ...choices(options) }])),
    account_linking: linking(profile.accountLinking),
    account: given({
      encrypt_oauth_tokens: profile.account.encryptTokens,
      update_account_on_sign_in: profile.account.updateOnSignIn,
      store_account_cookie: profile.account.storeCookie,
    }),
  };
}

// Apple's secret is signed by Postern itself.
function client(id) {
  const { clientID, clientSecret, credentials } = known[id];
  if (!credentials) return { client_id: clientID, client_secret: clientSecret };
  return { client_id: clientID, team_id: credentials.teamID, key_id: credentials.keyID, private_key: credentials.privateKey };
}

// Where the fakes are. One that is found by discovery is found there.
function places(id, { at, issuer }) {
  if (known[id].discovered) return { issuer: issuer(id) };
  const { authorize, token, user, emails, photo, keys } = known[id].endpoints;
  const endpoints = { authorization_url: authorize, token_url: token, userinfo_url: user, emails_url: emails, photo_url: photo, jwks_url: keys };
  const present = Object.entries(endpoints).filter(([, endpoint]) => endpoint);
  return Object.fromEntries(present.map(([key, endpoint]) => [key, at(endpoint.url)]));
}

function choices({ scopes, prompt, accessType, disableSignUp, disableImplicitSignUp, overrideUserInfo, requireEmailVerification }) {
  return given({
    scopes,
    prompt,
    access_type: accessType,
    disable_sign_up: disableSignUp,
    disable_implicit_sign_up: disableImplicitSignUp,
    override_user_info_on_sign_in: overrideUserInfo,
    require_email_verification: requireEmailVerification,
  });
}

function linking({ enabled, trustedProviders, allowDifferentEmails, allowUnlinkingAll, updateUserInfoOnLink, disableImplicitLinking }) {
  return given({
    enabled,
    trusted_providers: trustedProviders,
    allow_different_emails: allowDifferentEmails,
    allow_unlinking_all: allowUnlinkingAll,
    update_user_info_on_link: updateUserInfoOnLink,
    disable_implicit_linking: disableImplicitLinking,
  });
}

const given = (settings) => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
