// A profile's identity providers as better-auth options.

import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { importPKCS8, SignJWT } from "jose";
import { known } from "../providers/start.mjs";

/** @returns {socialProviders, plugins, account}, empty without providers */
export async function social(profile, { providersURL, apple }) {
  if (!profile.providers) return { plugins: [] };
  const { acme, ...named } = profile.providers;
  const socialProviders = {};
  for (const [id, options] of Object.entries(named)) {
    socialProviders[id] = { ...(await client(id, apple)), ...choices(options) };
  }
  return {
    socialProviders,
    plugins: acme ? [genericOAuth({ config: [await discovered(acme, providersURL)] })] : [],
    account: account(profile),
  };
}

async function client(id, apple) {
  const { clientID: clientId, clientSecret } = known[id];
  return { clientId, clientSecret: id === "apple" ? await appleSecret(apple) : clientSecret };
}

function choices({ scopes, prompt, accessType, disableSignUp, disableImplicitSignUp, overrideUserInfo, requireEmailVerification }) {
  return {
    scope: scopes,
    prompt,
    accessType,
    disableSignUp,
    disableImplicitSignUp,
    overrideUserInfoOnSignIn: overrideUserInfo,
    requireEmailVerification,
  };
}

async function discovered({ scopes = ["profile", "email"], ...options }, providersURL) {
  const { id, issuer, clientID, clientSecret } = known.acme;
  return {
    providerId: id,
    clientId: clientID,
    clientSecret,
    discoveryUrl: `${providersURL}${issuer.slice("https:/".length)}/.well-known/openid-configuration`,
    scopes,
    ...options,
  };
}

function account({ accountLinking, account }) {
  return {
    accountLinking,
    encryptOAuthTokens: account.encryptTokens,
    updateAccountOnSignIn: account.updateOnSignIn,
    storeAccountCookie: account.storeCookie,
  };
}

// https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
async function appleSecret({ teamID, keyID, privateKey }) {
  return new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: keyID })
    .setIssuer(teamID)
    .setSubject(known.apple.clientID)
    .setAudience(known.apple.issuer)
    .setIssuedAt()
    .setExpirationTime("30d")
    .sign(await importPKCS8(privateKey, "ES256"));
}
