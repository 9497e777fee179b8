// Postern as a target: `postern serve` with a profile's configuration, mailing through a fake Resend.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "./database.mjs";
import { startForwarder } from "./forwarder.mjs";
import { untilTrue } from "./patience.mjs";
import { freePort, start, untilReady } from "./process.mjs";
import { profiles } from "./profiles.mjs";
import { startResend } from "./resend.mjs";
import { socialSettings } from "./postern-social.mjs";
import { disconnect } from "./wire.mjs";

/** How long Postern may answer from its cache after somebody else changed the database. */
export const cacheTTL = 200;

/**
 * Starts the binary that COMPAT_POSTERN names.
 * @returns a target: {name, baseURL, address, database, providers, mails(), settleMails(), settleRenewals(), stop()}; under a profile with a cookie cache also
 *   {way: {sever(), mend()}}, by which Postern alone is cut off from the database
 */
export async function startPostern({ name, profile, databaseURL, publicURL, secret, providers }) {
  const binary = process.env.COMPAT_POSTERN;
  if (!binary) throw new Error("COMPAT_POSTERN must name the postern binary");
  const resend = await startResend();
  const folder = await mkdtemp(join(tmpdir(), "postern-compat-"));
  const [port, adminPort] = [await freePort(), await freePort()];
  const file = join(folder, "postern.yaml");
  const way = profiles[profile].cookieCache ? await startForwarder(databaseURL) : undefined;
  const settings = configuration(profiles[profile], { port, adminPort, databaseURL: way?.url ?? databaseURL, publicURL, secret, resend, providers });
  // JSON is YAML.
  await writeFile(file, JSON.stringify(settings, null, 2));
  const running = start(binary, ["serve", "--config", file], { PATH: process.env.PATH });
  const target = {
    name,
    baseURL: publicURL,
    providers,
    address: `http://127.0.0.1:${port}`,
    database: openDatabase(databaseURL),
    staleFor: cacheTTL * 2,
    mails: resend.mails,
    settleMails,
    settleRenewals: () => settleRenewals(adminPort),
    output: running.output,
    way,
    async stop() {
      disconnect(target);
      await target.database.end();
      await running.stop();
      await way?.stop();
      await resend.stop();
      await rm(folder, { recursive: true });
    },
  };
  try {
    await untilReady(name, running, async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok);
  } catch (error) {
    await target.stop();
    throw error;
  }
  return target;
}

function configuration(profile, { port, adminPort, databaseURL, publicURL, secret, resend, providers }) {
  return {
    server: {
      listen: `127.0.0.1:${port}`,
      admin_listen: `127.0.0.1:${adminPort}`,
      drain_delay: "0s",
      public_url: publicURL,
      trusted_proxies: ["127.0.0.1/32"],
    },
    // Scenarios speak to the auth API only; nothing is forwarded.
    upstream: { url: "http://127.0.0.1:1" },
    database: { url: databaseURL, auto_migrate: true },
    // A profile that limits is compared with the reference's limits; elsewhere all browsers have one address.
    rate_limit: { enabled: profile.rateLimit },
    session_cache: { ttl: `${cacheTTL}ms`, negative_ttl: `${cacheTTL}ms` },
    mail: {
      transport: "resend",
      from: "Postern <auth@postern.test>",
      notifications: false,
      resend: { api_key: resend.apiKey, base_url: resend.url },
    },
    ...(providers && { egress: { allow_private_addresses: true } }),
    auth: { ...authentication(profile, secret), ...(providers && socialSettings(profile, providers)) },
  };
}

function authentication(profile, secret) {
  return {
    secret,
    trusted_origins: profile.trustedOrigins,
    // Scenarios about the length of passwords choose common ones.
    compromised_passwords: { common_list: false },
    session: {
      expires_in: `${profile.session.expiresIn}s`,
      update_age: `${profile.session.updateAge}s`,
      fresh_age: `${profile.session.freshAge}s`,
      additional_fields: profile.sessionFields,
      defer_refresh: profile.deferRefresh,
      ...(profile.cookieCache && { cookie_cache: cookieCache(profile.cookieCache) }),
    },
    cookie: cookies(profile.cookies),
    email_password: {
      enabled: profile.emailPassword,
      disable_sign_up: !profile.signUp,
      min_password_length: profile.minPasswordLength,
      max_password_length: profile.maxPasswordLength,
      require_email_verification: profile.requireEmailVerification,
      auto_sign_in: profile.autoSignIn,
      reset_token_expires_in: `${profile.resetExpiresIn}s`,
      revoke_sessions_on_password_reset: profile.revokeSessionsOnPasswordReset,
    },
    email_verification: {
      send_on_sign_up: profile.sendOnSignUp,
      send_on_sign_in: profile.sendOnSignIn,
      auto_sign_in_after_verification: profile.autoSignInAfterVerification,
      expires_in: `${profile.verificationExpiresIn}s`,
    },
    user: {
      change_email: { enabled: profile.changeEmail, confirm_current: profile.confirmCurrentEmail },
      delete_user: { enabled: profile.deleteUser, verification: profile.deleteUserMail },
      additional_fields: profile.userFields,
    },
    bearer: { require_signature: profile.bearerRequireSignature },
    jwt: { enabled: profile.jwt },
    openapi: { enabled: profile.openapi },
    ...(profile.admin && { admin: administration(profile.admin) }),
  };
}

const administration = (options) => ({
  enabled: true,
  ...(options.defaultRole && { default_role: options.defaultRole }),
  ...(options.adminRoles && { admin_roles: options.adminRoles }),
  ...(options.adminUserIds && { admin_user_ids: options.adminUserIds }),
  ...(options.roles && { roles: options.roles }),
  ...(options.defaultBanReason && { default_ban_reason: options.defaultBanReason }),
  ...(options.defaultBanExpiresIn && { default_ban_expires_in: `${options.defaultBanExpiresIn}s` }),
  ...(options.impersonationSessionDuration && { impersonation_session_duration: `${options.impersonationSessionDuration}s` }),
  ...(options.bannedUserMessage && { banned_user_message: options.bannedUserMessage }),
});

const cookieCache = ({ strategy, maxAge, version }) => ({
  enabled: true,
  strategy,
  ...(maxAge && { max_age: `${maxAge}s` }),
  ...(version && { version }),
});

const cookies = ({ prefix, domain, sameSite, secure, partitioned, names }) => ({
  ...(prefix && { prefix }),
  ...(domain && { domain }),
  ...(sameSite && { same_site: sameSite }),
  ...(secure !== undefined && { secure: `${secure}` }),
  ...(partitioned && { partitioned }),
  ...(names && { names }),
});

// A mail is a row in the transaction of its request until it is delivered.
async function settleMails(world) {
  const { database } = world.target;
  const waiting = "select 1 from postern.mail where recipient like $1 and dead_at is null limit 1";
  await untilTrue("all mails are delivered", async () => {
    const { rows } = await database.query(waiting, [`%.${world.slug}@%`]);
    return rows.length === 0;
  });
}

// A renewal is answered at once, and its row is written a moment later.
async function settleRenewals(adminPort) {
  await untilTrue("all renewals are written", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return /^postern_session_renewals_waiting 0$/m.test(metrics);
  });
}
