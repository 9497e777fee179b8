// The configurations under which scenarios run. A profile says once, in neutral words, how a server
// is set up; reference/options.mjs and lib/postern.mjs translate it for the two implementations.

const sample = {
  // Clients always speak to 127.0.0.1; "https" only changes the public URL a server believes to have.
  publicScheme: "http",
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
  trustedOrigins: ["https://app.example.test", "https://*.wild.test", "*.host.test"],
};

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

  /** The jwt plugin with its defaults. */
  tokens: { ...sample, jwt: true },
};
