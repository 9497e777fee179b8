// Discord, as https://discord.com/developers/docs/topics/oauth2 describes it.

import { authorize } from "./authorization.mjs";
import { told } from "./bearer.mjs";
import { token } from "./tokens.mjs";

export const discord = {
  id: "discord",
  clientID: "157730590492196864",
  clientSecret: "compat-discord-secret",
  scopes: ["identify", "email"],
  endpoints: {
    authorize: { url: "https://discord.com/api/oauth2/authorize", answer: authorize },
    token: { url: "https://discord.com/api/oauth2/token", answer: token },
    user: { url: "https://discord.com/api/users/@me", answer: told((plan) => plan.user(userOf(plan.person))) },
  },
  person: ({ number, name, email }) => ({ subject: number.slice(0, 18), login: email.split(".")[0], name, email, verified: true, image: "a_1269e74af4df7417b13759eae50c83dc" }),
};

const userOf = ({ subject, login, name, email, verified, image }) => ({
  id: subject,
  username: login,
  discriminator: "0",
  global_name: name ?? null,
  avatar: image ?? null,
  mfa_enabled: true,
  locale: "en-US",
  flags: 0,
  premium_type: 0,
  verified,
  email,
});
