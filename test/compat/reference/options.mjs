// A profile as better-auth options.

import { createAccessControl } from "better-auth/plugins/access";
import { admin } from "better-auth/plugins/admin";
import { bearer } from "better-auth/plugins/bearer";
import { jwt } from "better-auth/plugins/jwt";
import { openAPI } from "better-auth/plugins/open-api";
import { social } from "./social.mjs";

/**
 * @param profile one of lib/profiles.mjs
 * @param deps {database: pg.Pool, baseURL, secret, deliver(to, url, token), providersURL, apple}
 */
export async function options(profile, { database, baseURL, secret, deliver, ...egress }) {
  const { socialProviders, plugins, account } = await social(profile, egress);
  return {
    database,
    baseURL,
    secret,
    trustedOrigins: profile.trustedOrigins,
    plugins: [bearer({ requireSignature: profile.bearerRequireSignature }), ...(profile.jwt ? [jwt()] : []), ...(profile.openapi ? [openAPI()] : []), ...(profile.admin ? [admin(adminOptions(profile.admin))] : []), ...plugins],
    socialProviders,
    account,
    rateLimit: { enabled: profile.rateLimit },
    session: {
      ...profile.session,
      additionalFields: additionalFields(profile.sessionFields),
      deferSessionRefresh: profile.deferRefresh,
      ...(profile.cookieCache && { cookieCache: { enabled: true, ...profile.cookieCache } }),
    },
    advanced: cookieOptions(profile.cookies),
    telemetry: { enabled: false },
    logger: { disabled: !process.env.COMPAT_LOG },
    emailAndPassword: {
      enabled: profile.emailPassword,
      disableSignUp: !profile.signUp,
      minPasswordLength: profile.minPasswordLength,
      maxPasswordLength: profile.maxPasswordLength,
      autoSignIn: profile.autoSignIn,
      requireEmailVerification: profile.requireEmailVerification,
      resetPasswordTokenExpiresIn: profile.resetExpiresIn,
      revokeSessionsOnPasswordReset: profile.revokeSessionsOnPasswordReset,
      sendResetPassword: async ({ user, url, token }) => deliver(user.email, url, token),
    },
    emailVerification: {
      sendOnSignUp: profile.sendOnSignUp,
      sendOnSignIn: profile.sendOnSignIn,
      autoSignInAfterVerification: profile.autoSignInAfterVerification,
      expiresIn: profile.verificationExpiresIn,
      sendVerificationEmail: async ({ user, url, token }) => deliver(user.email, url, token),
    },
    user: {
      additionalFields: additionalFields(profile.userFields),
      changeEmail: {
        enabled: profile.changeEmail,
        ...(profile.confirmCurrentEmail && {
          sendChangeEmailConfirmation: async ({ user, url, token }) => deliver(user.email, url, token),
        }),
      },
      deleteUser: {
        enabled: profile.deleteUser,
        ...(profile.deleteUserMail && {
          sendDeleteAccountVerification: async ({ user, url, token }) => deliver(user.email, url, token),
        }),
      },
    },
  };
}

/** @param options of the admin plugin, as in lib/profiles.mjs */
function adminOptions({ roles, ...options }) {
  if (!roles) return options;
  const statements = {};
  for (const resources of Object.values(roles)) {
    for (const [resource, actions] of Object.entries(resources)) {
      statements[resource] = [...new Set([...(statements[resource] ?? []), ...actions])];
    }
  }
  const ac = createAccessControl(statements);
  return { ...options, ac, roles: Object.fromEntries(Object.entries(roles).map(([name, allowed]) => [name, ac.newRole(allowed)])) };
}

/** @param fields as in lib/profiles.mjs */
export function additionalFields(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { default: defaultValue, column: fieldName, ...attributes }]) => [
      name,
      { ...attributes, ...(defaultValue !== undefined && { defaultValue }), ...(fieldName && { fieldName }) },
    ]),
  );
}

// A profile's cookies as better-auth's advanced options.
function cookieOptions({ prefix, domain, sameSite, secure, partitioned, names = {} }) {
  return {
    ...(prefix && { cookiePrefix: prefix }),
    ...(domain && { crossSubDomainCookies: { enabled: true, domain } }),
    ...(secure !== undefined && { useSecureCookies: secure }),
    defaultCookieAttributes: { ...(sameSite && { sameSite }), ...(partitioned && { partitioned }) },
    cookies: Object.fromEntries(Object.entries(names).map(([cookie, name]) => [cookie, { name }])),
  };
}
