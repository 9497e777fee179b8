// Answers of a provider that are not simply JSON.

/** An answer to be sent as it is. */
export class Raw {
  constructor(status, text, headers) {
    Object.assign(this, { status, text, headers });
  }
}

/** Any body under any media type. */
export const raw = (status, text, type = "text/plain", headers = {}) => new Raw(status, text, { "content-type": type, ...headers });

/** JSON under another status than 200. */
export const failure = (status, body) => raw(status, JSON.stringify(body), "application/json");

/** What a provider's load balancer says on a bad day. */
export const page = (status = 200) => raw(status, "<!doctype html><title>Sorry</title><h1>Something went wrong</h1>", "text/html");

/** A redirect, which a server must not follow (RFC 6749 has none at these endpoints). */
export const elsewhere = (location) => raw(302, "", "text/plain", { location });

/** Sends what an endpoint returned: a Raw as it is, everything else as JSON. */
export function reply(response, answer) {
  if (!(answer instanceof Raw)) return reply(response, failure(200, answer));
  response.writeHead(answer.status, { "cache-control": "no-store", ...answer.headers }).end(answer.text);
}
