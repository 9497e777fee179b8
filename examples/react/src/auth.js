// better-auth's own client, and the application's API beside it. Both are at Postern's origin, which is not this page's.

import { createAuthClient } from "better-auth/react";

export const postern = import.meta.env.VITE_POSTERN_URL ?? "http://localhost:8080";

/** What `auth.social` names in Postern's configuration. `postern dev` has a provider of its own, "dev". */
export const providers = (import.meta.env.VITE_PROVIDERS ?? "dev").split(",").filter(Boolean);

/** Where mailed links and providers send the browser back to. A path would mean one at Postern's origin. */
export const here = location.origin + location.pathname;

export const authClient = createAuthClient({ baseURL: postern });

/** A call that was refused. The code is Postern's, if it was Postern that refused: UNAUTHORIZED when the session is over. */
export class Refused extends Error {
  constructor(status, { code, message, detail }) {
    super(`${status} ${code ?? ""} ${message ?? JSON.stringify(detail ?? "")}`);
    Object.assign(this, { status, code });
  }
}

/** Calls the application. `credentials: "include"` is what makes the browser send the session cookie to another origin. */
export async function api(path, { body, ...options } = {}) {
  const response = await fetch(postern + path, {
    ...options,
    credentials: "include",
    headers: body && { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}
