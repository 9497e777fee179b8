// GitHub, as https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and the REST reference
// of /user and /user/emails describe it.

import { failure, raw, Raw } from "./answers.mjs";
import { authorize } from "./authorization.mjs";
import { told } from "./bearer.mjs";
import { token } from "./tokens.mjs";

export const github = {
  id: "github",
  clientID: "Iv1.compat0compat0co",
  clientSecret: "compat-github-secret",
  scopes: ["read:user", "user:email"],
  challenge: true,
  endpoints: {
    authorize: { url: "https://github.com/login/oauth/authorize", answer: authorize },
    token: { url: "https://github.com/login/oauth/access_token", answer: accessToken },
    user: { url: "https://api.github.com/user", answer: told((plan, call) => identified(call, plan.user(userOf(plan.person)))) },
    emails: { url: "https://api.github.com/user/emails", answer: told((plan, call) => identified(call, plan.emails(emailsOf(plan.person)))) },
  },
  person: ({ number, name, email }) => ({
    subject: Number(number.slice(0, 9)),
    login: email.split("@")[0].replace(/\W/g, "-"),
    name,
    email,
    verified: true,
    image: `https://avatars.githubusercontent.com/u/${number.slice(0, 9)}?v=4`,
  }),
  // OAuth apps get tokens that do not expire, and scopes joined by commas.
  tokenAnswer: ({ access_token, scope, token_type }) => ({ access_token, scope: scope.replaceAll(" ", ","), token_type: token_type.toLowerCase() }),
};

// Whoever does not ask for JSON gets a form, and errors come with status 200.
async function accessToken(call) {
  call.demand(call.headers.accept?.includes("application/json"), `accept ${call.headers.accept}`);
  const answer = await token(call);
  const refused = answer instanceof Raw && answer.status === 400 && answer.text.includes("invalid_grant");
  if (refused) return { error: "bad_verification_code", error_description: "The code passed is incorrect or expired." };
  if (answer instanceof Raw || call.headers.accept?.includes("application/json")) return answer;
  return raw(200, `${new URLSearchParams(answer)}`, "application/x-www-form-urlencoded");
}

// Requests without a User-Agent are refused by all of the REST interface.
function identified({ headers, demand }, answer) {
  demand(headers["user-agent"], "no user-agent");
  return headers["user-agent"] ? answer : failure(403, { message: "Request forbidden by administrative rules." });
}

const userOf = ({ subject, login, name, email, image }) => ({
  login,
  id: subject,
  node_id: Buffer.from(`04:User${subject}`).toString("base64"),
  avatar_url: image,
  html_url: `https://github.com/${login}`,
  type: "User",
  site_admin: false,
  name: name ?? null,
  company: null,
  email,
  two_factor_authentication: true,
});

const emailsOf = ({ email, verified, login }) => [
  { email: `${login}@users.noreply.github.com`, primary: false, verified: true, visibility: null },
  { email, primary: true, verified, visibility: "public" },
];
