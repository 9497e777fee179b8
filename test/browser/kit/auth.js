// The official client. A page on Postern's own origin needs no address; one elsewhere names Postern's.

import { createAuthClient } from "better-auth/react";

// Set by deployment.js, which the page's server writes: empty, or an origin; and the names of providers to sign in with.
export const postern = globalThis.postern;
export const providers = globalThis.providers.map((provider) => ({ provider, name: provider }));

export const authClient = createAuthClient({ baseURL: postern || undefined });

/** Calls the application behind Postern. */
export const api = (path, options) => fetch(postern + path, { ...options, credentials: "include" });
