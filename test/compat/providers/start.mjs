// The identity providers of one target, on one port of 127.0.0.1: https://HOST/PATH is served at http://127.0.0.1:PORT/HOST/PATH.
// They check whatever they are sent, and write down complaints for the scenario to fail with.

import { once } from "node:events";
import { createServer } from "node:http";
import { acme } from "./acme.mjs";
import { failure, reply } from "./answers.mjs";
import { apple } from "./apple.mjs";
import { discord } from "./discord.mjs";
import { github } from "./github.mjs";
import { google } from "./google.mjs";
import { Grants } from "./grants.mjs";
import { KeyRing } from "./keys.mjs";
import { microsoft } from "./microsoft.mjs";

export const known = { google, github, apple, microsoft, discord, acme };

/**
 * @param callbackBase where clients want to be answered, without the provider's id: "https://…/callback"
 * @returns {url, at(officialURL), official(text), grants, ring(id), issuer(id), complaints, requests, stop()}
 */
export async function startProviders({ callbackBase }) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const rings = await ringsOf(known);
  const providers = {
    url,
    grants: new Grants(),
    /** [{request, text}]: what was out of order. */
    complaints: [],
    /** [{slug, endpoint, method, headers, query, body}] in order of arrival; the slug is that of the scenario, where it is known. */
    requests: [],
    ring: (id) => rings[id],
    at: (official) => official.replace(/^https:\/(?=\/)/, `${url}`),
    official: (text) => text.replaceAll(`${url}/`, "https://"),
    issuer: (id) => (known[id].discovered ? providers.at(known[id].issuer) : known[id].issuer),
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  server.on("request", (request, response) => {
    serve(providers, callbackBase, request).then(
      (answer) => reply(response, answer),
      (error) => {
        providers.complaints.push({ request: {}, text: `the fake failed: ${error.stack}` });
        response.writeHead(500).end();
      },
    );
  });
  return providers;
}

async function ringsOf(providers) {
  const rings = {};
  for (const { id, kids = [] } of Object.values(providers)) {
    rings[id] = new KeyRing(id);
    for (const kid of kids) await rings[id].publish(kid);
  }
  return rings;
}

async function serve(providers, callbackBase, request) {
  const url = new URL(`https:/${request.url}`);
  const found = endpointAt(`${url.origin}${decodeURIComponent(url.pathname)}`);
  const body = await read(request);
  const noted = { endpoint: found?.name, method: request.method, headers: request.headers, body, query: url.search };
  const demand = (condition, text) => {
    if (!condition) providers.complaints.push({ request: noted, text: `${found?.name ?? url.href}: ${text}` });
  };
  providers.requests.push(noted);
  demand(found, "no provider has this endpoint");
  if (!found) return failure(404, { error: "not_found" });
  const { provider, endpoint } = found;
  return endpoint.answer({
    ...providers,
    url,
    method: request.method,
    headers: request.headers,
    body,
    provider,
    callbackURL: `${callbackBase}/${provider.id}`,
    keys: providers.ring(provider.id),
    issuer: providers.issuer(provider.id),
    demand,
    attribute: ({ slug }) => (noted.slug = slug),
    sign: ({ plan, request }) => idToken(providers, provider.id, plan, request.nonce),
  });
}

function endpointAt(official) {
  for (const provider of Object.values(known)) {
    for (const [name, endpoint] of Object.entries(provider.endpoints)) {
      if (endpoint.url === official) return { name: `${provider.id} ${name}`, provider, endpoint };
    }
  }
  return undefined;
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The ID token that the provider would make out for this plan (OpenID Connect Core section 2). */
export function idToken(providers, id, { person, claims, header }, nonce) {
  const { clientID, kids, claims: claimsOf } = known[id];
  const all = claims({ iss: providers.issuer(id), aud: clientID, ...claimsOf(person), nonce });
  const { signedBy = providers.ring(id), ...named } = header;
  return signedBy.sign(all, { kid: kids[0], ...named });
}
