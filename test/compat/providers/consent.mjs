// A person at an identity provider, and what happens when an authorization request reaches them.

import { createHash } from "node:crypto";
import { known } from "./start.mjs";

/** Whoever stands behind the scenario's `who` at this provider: {subject, name, email, verified, …}, as the provider knows them. */
export function personAt(id, world, who, { name = "Ada Lovelace", ...others } = {}) {
  const digits = BigInt(`0x${createHash("sha256").update(`${world.slug} ${who}`).digest("hex")}`).toString();
  return { ...known[id].person({ number: digits.slice(-20).replace(/^0/, "1"), name, email: world.address(who) }), ...others };
}

const asItIs = (value) => value;

/**
 * What a person does and what the provider tells of it: everything as it should be, but for what a scenario changes.
 * Functions get what would be answered and return what is (see answers.mjs).
 */
export function planFor(world, person, changes = {}) {
  return {
    slug: world.slug,
    person,
    /** The error that goes back instead of a code. */
    refuses: undefined,
    /** The parameters that go back to the client. */
    callback: asItIs,
    /** Answers of the token endpoint, to a code and to a refresh token. */
    token: asItIs,
    refresh: asItIs,
    /** Seconds an access token lives. */
    expiresIn: 3599,
    /** Whether a refresh token is replaced when it is used. */
    rotates: false,
    /** The ID token: its claims, and members of its header; signedBy is the key ring of somebody else. */
    claims: asItIs,
    header: {},
    /** Answers about the person. */
    user: asItIs,
    emails: asItIs,
    photo: undefined,
    ...changes,
  };
}

/** Opens the authorization request as the person's browser does; returns the callback: {url, form}, where form is what is posted, if it is. */
export async function consent(providers, url, plan) {
  const official = providers.official(url);
  providers.grants.await(new URL(official).searchParams.get("state"), plan);
  const answer = await fetch(providers.at(official), { redirect: "manual" });
  const text = await answer.text();
  if (answer.status === 302) return { url: answer.headers.get("location") };
  if (answer.status === 200) return { url: answer.headers.get("x-action"), form: text };
  throw new Error(`the provider refused ${official}: ${answer.status} ${text}`);
}
