// The official client. A page on Postern's own origin needs no address; one elsewhere names Postern's.

import { createAuthClient } from "better-auth/react";

// Set by deployment.js, which the page's server writes: empty, or an origin.
export const postern = globalThis.postern;

export const authClient = createAuthClient({ baseURL: postern || undefined });

/** Calls the application behind Postern. */
export const api = (path, options) => fetch(postern + path, { ...options, credentials: "include" });
