// A profile as better-auth options.

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
    plugins: [bearer({ requireSignature: profile.bearerRequireSignature }), ...(profile.jwt ? [jwt()] : []), ...(profile.openapi ? [openAPI()] : []), ...plugins],
    socialProviders,
    account,
    rateLimit: { enabled: profile.rateLimit },
    telemetry: { enabled: false },
    logger: { disabled: !process.env.COMPAT_LOG },
    advanced: advanced(profile.cookies),
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
    session: { ...profile.session, additionalFields: additionalFields(profile.sessionFields) },
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

/** @param fields as in lib/profiles.mjs */
export function additionalFields(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { default: defaultValue, column: fieldName, ...attributes }]) => [
      name,
      { ...attributes, ...(defaultValue !== undefined && { defaultValue }), ...(fieldName && { fieldName }) },
    ]),
  );
}

function advanced({ prefix, sameSite, domain }) {
  return {
    cookiePrefix: prefix,
    defaultCookieAttributes: { sameSite },
    ...(domain && { crossSubDomainCookies: { enabled: true, domain } }),
  };
}
