// The configurations under which scenarios run. A profile says once, in neutral words, how a server
// is set up; reference/options.mjs and lib/postern.mjs translate it for the two implementations.

const sample = {
  // Clients always speak to 127.0.0.1; "https" only changes the public URL a server believes to have.
  publicScheme: "http",
  emailPassword: true,
  signUp: true,
  minPasswordLength: 8,
  maxPasswordLength: 128,
  requireEmailVerification: true,
  sendOnSignUp: true,
  sendOnSignIn: true,
  autoSignIn: true,
  autoSignInAfterVerification: true,
  verificationExpiresIn: 900,
  resetExpiresIn: 3600,
  revokeSessionsOnPasswordReset: true,
  changeEmail: true,
  confirmCurrentEmail: false,
  deleteUser: true,
  deleteUserMail: true,
  bearerRequireSignature: false,
  rateLimit: false,
  jwt: false,
  openapi: false,
  // Options of the admin plugin, with roles as {role: {resource: [actions]}}.
  admin: null,
  userFields: {},
  sessionFields: {},
  session: { expiresIn: 604800, updateAge: 86400, freshAge: 86400 },
  // {strategy, maxAge?, version?}
  cookieCache: null,
  deferRefresh: false,
  // {prefix?, domain?, sameSite?, secure?, partitioned?, names?}
  cookies: {},
  trustedOrigins: ["https://app.example.test", "https://*.wild.test", "*.host.test"],
};

// Attributes are named as in Postern's settings. What is left out has the default of both: required, input and returned.
const userFields = {
  age: { type: "number", required: false },
  born: { type: "date", required: false },
  company: { type: "string", required: false },
  customer: { type: "number", required: false, bigint: true },
  lang: { type: "string", required: true, default: "en" },
  level: { type: ["junior", "senior"], required: false },
  newsletter: { type: "boolean", required: true, default: false },
  nick: { type: "string", required: false, unique: true, column: "nick_name" },
  note: { type: "string", required: false, returned: false, default: "unseen" },
  plan: { type: "string", required: false, input: false, default: "free" },
  prefs: { type: "json", required: false },
  scores: { type: "number[]", required: false },
  staff: { type: "boolean", required: false, input: false },
  tags: { type: "string[]", required: false },
  tier: { type: "string", required: true },
};

const sessionFields = {
  flags: { type: "string[]", required: true, default: ["new"] },
  note: { type: "string", required: false, returned: false },
  pinned: { type: "boolean", required: true, default: false },
  risk: { type: "string", required: false, input: false, default: "low" },
  seats: { type: "number", required: false },
  seen: { type: "date", required: false },
  theme: { type: "string", required: false, default: "light" },
};

const unmailed = { requireEmailVerification: false, sendOnSignUp: false, sendOnSignIn: false };

const allProviders = { google: {}, github: {}, apple: {}, microsoft: {}, discord: {}, acme: {} };

export const profiles = {
  /** The wire sheet's sample: verification required, everything mailed. */
  sample,

  /** A public https address: `__Secure-` names and the Secure attribute. */
  secure: { ...sample, publicScheme: "https" },

  /** Nothing is mailed before a session begins: sign-up signs in, deletion needs no mail. */
  open: {
    ...sample,
    requireEmailVerification: false,
    sendOnSignUp: false,
    sendOnSignIn: false,
    autoSignInAfterVerification: false,
    revokeSessionsOnPasswordReset: false,
    deleteUserMail: false,
  },

  /** Everything optional is refused, and a change of address asks the old one first. */
  strict: {
    ...sample,
    autoSignIn: false,
    autoSignInAfterVerification: false,
    sendOnSignIn: false,
    confirmCurrentEmail: true,
    deleteUser: false,
    bearerRequireSignature: true,
  },

  /** Rate limits with their defaults. */
  limited: { ...sample, rateLimit: true },

  /** Additional fields of users and sessions. */
  fields: { ...sample, jwt: true, userFields, sessionFields },

  /** The jwt plugin with its defaults. */
  tokens: { ...sample, jwt: true },

  /** Trusted places of every form. */
  origins: {
    ...sample,
    trustedOrigins: [
      "https://app.example.test", "http://port.example.test:8080", "https://preview-?.example.test", "https://*.wild.test", "https://*-stage.example.test:*",
      "*.host.test", "*.port.test:8443", "192.168.*.*", "http://10.0.?.1:3000", "myapp://", "pinned://callback/done", "exp://*.exp.test",
      "chrome-extension://abcdefghijklmnop", "https://xn--bcher-kva.example.test",
    ],
  },

  /** Names, places and times other than the defaults. */
  custom: {
    ...sample,
    publicScheme: "https",
    autoSignInAfterVerification: true,
    minPasswordLength: 10,
    maxPasswordLength: 64,
    changeEmail: false,
    session: { expiresIn: 7200, updateAge: 600, freshAge: 0 },
    cookies: { prefix: "acme", sameSite: "none", domain: "example.test" },
  },

  /** Nobody new. */
  closed: { ...sample, signUp: false },

  /** No passwords at all. */
  passwordless: { ...sample, emailPassword: false },

  /** The cookie cache, by each strategy. */
  cachedCompact: { ...sample, cookieCache: { strategy: "compact" } },
  cachedJWT: { ...sample, cookieCache: { strategy: "jwt" } },
  cachedJWE: { ...sample, cookieCache: { strategy: "jwe", version: "2", maxAge: 600 } },
  cachedFields: { ...sample, userFields, sessionFields, cookieCache: { strategy: "compact" } },

  /** Sessions are renewed by a request of its own, without and with the cookie cache. */
  deferred: { ...sample, deferRefresh: true },
  cachedDeferred: { ...sample, deferRefresh: true, cookieCache: { strategy: "compact" } },

  /** Cookies of a parent domain, for frontends on other sites. */
  subdomains: {
    ...sample,
    publicScheme: "https",
    cookieCache: { strategy: "compact" },
    cookies: { prefix: "shop", domain: "example.test", sameSite: "none" },
  },

  /** Secure cookies although the public address is http, and strict ones. */
  secureOnHTTP: { ...sample, cookieCache: { strategy: "jwt" }, cookies: { secure: true, sameSite: "strict" } },

  /** Cookies that are not secure although the public address is https. */
  insecureOnHTTPS: { ...sample, publicScheme: "https", cookies: { secure: false } },

  /** Cookies with other names, for being embedded. */
  renamed: {
    ...sample,
    publicScheme: "https",
    cookieCache: { strategy: "compact" },
    cookies: {
      sameSite: "none",
      partitioned: true,
      names: { session_token: "sid", session_data: "sid.session_data", dont_remember: "short" },
    },
  },

  /** Identity providers, one of them trusted, and defaults for all else. */
  social: {
    ...sample,
    providers: allProviders,
    accountLinking: { trustedProviders: ["google"] },
    account: {},
  },

  /** What concerns accounts is allowed, and tokens are kept encrypted, in the database and in a cookie. */
  socialOpen: {
    ...sample,
    providers: { ...allProviders, google: { overrideUserInfo: true }, acme: { overrideUserInfo: true } },
    accountLinking: { trustedProviders: ["google", "github"], allowDifferentEmails: true, allowUnlinkingAll: true, updateUserInfoOnLink: true },
    account: { encryptTokens: true, storeCookie: true },
  },

  /** Nobody is trusted, nothing is linked unless the user says so, and nobody is made unless asked for. */
  socialStrict: {
    ...sample,
    providers: {
      google: { disableImplicitSignUp: true, scopes: ["https://www.googleapis.com/auth/calendar"], prompt: "select_account", accessType: "offline" },
      github: { disableSignUp: true, scopes: ["repo"] },
      apple: {},
      discord: {},
      acme: { disableImplicitSignUp: true, scopes: ["profile", "email", "groups"], prompt: "login" },
    },
    accountLinking: { trustedProviders: [], disableImplicitLinking: true },
    account: { updateOnSignIn: false },
  },

  /** Accounts are not linked at all, behind an https address. */
  socialClosed: {
    ...sample,
    publicScheme: "https",
    providers: { google: {}, github: {}, apple: {} },
    accountLinking: { enabled: false, trustedProviders: ["google"] },
    account: {},
  },

  /** The admin plugin with its defaults, where nothing is mailed before a session begins. */
  admin: { ...sample, ...unmailed, admin: {} },

  /** The admin plugin with roles of its own, and everything else other than by default. */
  adminRoles: {
    ...sample,
    ...unmailed,
    admin: {
      defaultRole: "guest",
      adminRoles: ["owner"],
      adminUserIds: ["the-operator"],
      roles: {
        guest: { project: ["read"] },
        support: { user: ["get", "list", "update", "impersonate", "create"], session: ["list"] },
        owner: { user: ["create", "list", "set-role", "ban", "impersonate", "impersonate-admins", "get", "update"], session: ["list", "revoke"], project: ["read", "write"] },
      },
      defaultBanReason: "Against the rules",
      defaultBanExpiresIn: 86_400,
      impersonationSessionDuration: 1_800,
      bannedUserMessage: "Ask at the desk",
    },
  },

  /** The open-api plugin, and the jwt plugin for it to describe. */
  described: { ...sample, jwt: true, openapi: true },
};
