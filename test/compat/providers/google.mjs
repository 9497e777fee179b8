// Google, as https://developers.google.com/identity/openid-connect/openid-connect describes it.

import { authorize } from "./authorization.mjs";
import { token } from "./tokens.mjs";

export const google = {
  id: "google",
  clientID: "407408718192.apps.googleusercontent.com",
  clientSecret: "GOCSPX-compat",
  issuer: "https://accounts.google.com",
  scopes: ["openid", "email", "profile"],
  challenge: true,
  kids: ["google-1", "google-2"],
  endpoints: {
    authorize: { url: "https://accounts.google.com/o/oauth2/v2/auth", answer: authorize },
    token: { url: "https://oauth2.googleapis.com/token", answer: token },
    keys: { url: "https://www.googleapis.com/oauth2/v3/certs", answer: ({ keys }) => keys.jwks() },
  },
  person: ({ number, name, email }) => ({ subject: `1${number}`, name, email, verified: true, image: `https://lh3.googleusercontent.com/a/${number}` }),
  claims: ({ subject, name, email, verified, image }) => ({
    sub: subject,
    azp: google.clientID,
    email,
    email_verified: verified,
    name,
    given_name: name?.split(" ")[0],
    family_name: name?.split(" ")[1],
    picture: image,
  }),
};
