// Every endpoint of better-auth's core and of its plugins, as the package itself declares them.

import { readdirSync } from "node:fs";
import { betterAuth } from "better-auth";
import * as available from "better-auth/plugins";

const nothing = async () => {};

// Each plugin by its folder in the package. Those that Postern has name the scenario file that shows it.
const plugins = {
  admin: { server: available.admin(), shownBy: "admin" },
  anonymous: { server: available.anonymous() },
  bearer: { server: available.bearer(), shownBy: "bearer" },
  captcha: { server: available.captcha({ provider: "cloudflare-turnstile", secretKey: "x" }) },
  "custom-session": { server: available.customSession(nothing) },
  "device-authorization": { server: available.deviceAuthorization() },
  "email-otp": { server: available.emailOTP({ sendVerificationOTP: nothing }) },
  "generic-oauth": { server: available.genericOAuth({ config: [] }), shownBy: "social" },
  haveibeenpwned: { server: available.haveIBeenPwned() },
  jwt: { server: available.jwt(), shownBy: "tokens" },
  "last-login-method": { server: available.lastLoginMethod() },
  "magic-link": { server: available.magicLink({ sendMagicLink: nothing }) },
  "multi-session": { server: available.multiSession() },
  "oauth-popup": { server: available.oauthPopup() },
  "oauth-proxy": { server: available.oAuthProxy() },
  "one-tap": { server: available.oneTap() },
  "one-time-token": { server: available.oneTimeToken() },
  "open-api": { server: available.openAPI(), shownBy: "described" },
  organization: { server: available.organization({ teams: { enabled: true }, dynamicAccessControl: { enabled: true }, ac: {} }) },
  "phone-number": { server: available.phoneNumber({ sendOTP: nothing }) },
  siwe: { server: available.siwe({ domain: "x.test", getNonce: nothing, verifyMessage: nothing }) },
  "two-factor": { server: available.twoFactor() },
  username: { server: available.username() },
};

// Parts of plugins, types, and what is for tests.
const noPlugins = ["access", "additional-fields", "index.d.mts", "index.mjs", "test-utils"];

/** @returns {core, plugins: [{name, shownBy, endpoints}]}, where an endpoint is {method, path} */
export function catalogue() {
  requireAllPlugins();
  const { api } = betterAuth({
    baseURL: "http://localhost:3000",
    secret: "8f2d0b6a4c1e9753fb64a1d20e7c85936b0f",
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  return {
    core: endpointsOf(api),
    plugins: Object.entries(plugins).map(([name, { server, shownBy }]) => {
      // Some take over an endpoint of the core, such as custom-session's /get-session.
      const own = endpointsOf(server.endpoints ?? {}).filter(({ path }) => !isCore(api, path));
      return { name, shownBy, endpoints: own };
    }),
  };
}

function requireAllPlugins() {
  const folders = readdirSync(new URL(".", import.meta.resolve("better-auth/plugins")));
  const unknown = folders.filter((folder) => !plugins[folder] && !noPlugins.includes(folder));
  if (unknown.length > 0) throw new Error(`lib/catalogue.mjs lacks the plugins ${unknown.join(", ")}`);
}

const isCore = (api, path) => Object.values(api).some((endpoint) => endpoint.path === path);

// An endpoint without a path, or for the server's own code only, has no route.
function endpointsOf(api) {
  return Object.values(api)
    .filter(({ path, options }) => path && !options.metadata?.SERVER_ONLY)
    .flatMap(({ path, options }) => [options.method].flat().map((method) => ({ method, path })));
}

/** How an endpoint is named in results: "POST /sign-in/email". */
export const nameOf = ({ method, path }) => `${method} ${path}`;

/** @returns a function from a request line such as "GET /api/auth/ok?x=1" to the name of its endpoint, if it is one */
export function router({ core, plugins }) {
  const all = [...core, ...plugins.flatMap(({ endpoints }) => endpoints)];
  const exact = new Map(all.map((endpoint) => [nameOf(endpoint), nameOf(endpoint)]));
  const patterns = all
    .filter(({ path }) => path.includes(":"))
    .map((endpoint) => [new RegExp(`^${nameOf(endpoint).replace(/:\w+/g, "[^/]+")}$`), nameOf(endpoint)]);
  return (request) => {
    const [method, target] = request.split(" ");
    if (!target.startsWith("/api/auth/")) return undefined;
    const line = `${method} ${target.slice("/api/auth".length).split(/[?#]/)[0]}`;
    return exact.get(line) ?? patterns.find(([pattern]) => pattern.test(line))?.[1];
  };
}
