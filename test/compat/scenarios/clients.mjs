// The official client with its plugins, and kept by a bearer token instead of cookies.

import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";

export const profile = "tokens";

// Those who ask first at once may make a key each, and the key set is compared.
export const alone = true;

const password = "correct horse battery";

/** A client as a mobile app has it: no cookies, and a token that it takes from set-auth-token. */
function app(world, options = {}) {
  const kept = {};
  const client = createAuthClient({
    baseURL: world.target.baseURL,
    ...options,
    fetchOptions: {
      auth: { type: "Bearer", token: () => kept.token ?? "" },
      onSuccess: ({ response }) => (kept.token = response.headers.get("set-auth-token") ?? kept.token),
      customFetchImpl: (url, init) => ask(world, url, init),
    },
  });
  return { client, kept };
}

async function ask(world, input, init) {
  const url = new URL(input);
  const headers = Object.fromEntries(new Headers(init.headers).entries());
  const exchange = await world.request(init.method ?? "GET", url.pathname + url.search, { headers, body: init.body ?? undefined });
  return new Response(exchange.text === "" ? null : exchange.text, { status: exchange.status, headers: exchange.headers.filter(([name]) => name !== "transfer-encoding") });
}

export const scenarios = {
  "an app without cookies signs in, reads, changes and signs out": async (world) => {
    const ada = await world.member();
    const { client, kept } = app(world);
    await client.getSession();
    await client.signIn.email({ email: ada.email, password });
    world.note("kept", kept.token);
    await client.getSession();
    await client.updateUser({ name: "Countess" });
    await client.listSessions();
    await client.changePassword({ currentPassword: password, newPassword: "another password", revokeOtherSessions: true });
    world.note("kept", kept.token);
    await client.getSession();
    await client.signOut();
    await client.getSession();
    await world.rows();
  },

  "an app that signs up": async (world) => {
    const { client, kept } = app(world);
    const email = world.address("ada");
    await client.signUp.email({ name: "Ada", email, password });
    world.note("kept", kept.token);
    await client.sendVerificationEmail({ email });
    await world.get(`/verify-email?token=${(await world.mail(email, "verify-email")).token}`);
    await client.signIn.email({ email, password, rememberMe: false });
    await client.getSession();
    await client.changeEmail({ newEmail: world.address("countess") });
    await client.deleteUser();
    await world.mails();
  },

  "an app with the jwt plugin": async (world) => {
    const ada = await world.member();
    const { client } = app(world, { plugins: [jwtClient()] });
    await client.token();
    await client.signIn.email({ email: ada.email, password });
    const { data } = await client.token();
    world.note("token", data.token);
    await client.jwks();
    await client.getSession({ query: { disableCookieCache: true } });
    await client.getSession({ query: { disableRefresh: true } });
  },

  "a page with the jwt plugin": async (world) => {
    const ada = await world.member();
    const client = createAuthClient({
      baseURL: world.target.baseURL,
      plugins: [jwtClient()],
      fetchOptions: { customFetchImpl: (url, init) => ask(world, url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), cookie: ada.jar.header(), origin: world.target.baseURL } }) },
    });
    await client.token();
    await client.getSession();
    await client.jwks();
  },

  "every call of the client, once": async (world) => {
    const ada = await world.member();
    const { client } = ada;
    await client.ok?.();
    await client.getSession();
    await client.listSessions();
    await client.listAccounts();
    await client.updateUser({ image: "https://images.example.test/a.png" });
    await client.updateSession({});
    await client.changeEmail({ newEmail: world.address("new") });
    await client.verifyEmail({ query: { token: "x" } });
    await client.sendVerificationEmail({ email: ada.email });
    await client.requestPasswordReset({ email: ada.email, redirectTo: "/reset" });
    await client.resetPassword({ newPassword: "another password", token: "x" });
    await client.verifyPassword?.({ password });
    await client.unlinkAccount({ accountId: "x" });
    await client.getAccessToken({ accountId: "x" });
    await client.refreshToken({ accountId: "x" });
    await client.accountInfo({ query: { accountId: "x" } });
    await client.linkSocial({ provider: "nope" });
    await client.signIn.social({ provider: "nope" });
    await client.revokeSession({ token: "x" });
    await client.revokeOtherSessions();
    await client.deleteUser({ password: "wrong password" });
    await client.revokeSessions();
    await client.signOut();
  },
};
