// One HTTP exchange, exactly as asked: no header is added but Host, Content-Length and those given.
// fetch() would not do, as it adds Sec-Fetch-Mode and refuses to send a few headers.

import http from "node:http";

const agents = new Map();

function agentFor(target) {
  if (!agents.has(target)) agents.set(target, new http.Agent({ keepAlive: true, maxSockets: 64 }));
  return agents.get(target);
}

/** Closes the idle connections to a target that is about to end. */
export function disconnect(target) {
  agents.get(target)?.destroy();
  agents.delete(target);
}

/**
 * Sends a request to the target's address under its public name.
 * @param body undefined for none, a Buffer or string as it is, anything else as JSON
 * @returns {status, reason, headers: [[name, value]], text}
 */
export function send(target, { method, path, headers = {}, body }) {
  const bytes = body === undefined ? undefined : encode(body);
  const all = withDefaults(target, headers, body, bytes, method);
  const { hostname, port } = new URL(target.address);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, method, path, headers: all, agent: agentFor(target), setHost: false },
      (response) => collect(response).then(resolve, reject),
    );
    request.on("error", (cause) => reject(new Error(`${method} ${path} at ${target.name}`, { cause })));
    request.end(bytes);
  });
}

function encode(body) {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

// A header given as null is left out, also where it would have had a default.
function withDefaults(target, headers, body, bytes, method) {
  const all = { host: new URL(target.baseURL).host, "x-forwarded-for": "203.0.113.7" };
  if (body !== undefined) all["content-type"] = "application/json";
  if (bytes) all["content-length"] = bytes.length;
  else if (method !== "GET" && method !== "HEAD") all["content-length"] = 0;
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== undefined));
}

async function collect(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  const raw = response.rawHeaders;
  const headers = [];
  for (let i = 0; i < raw.length; i += 2) headers.push([raw[i].toLowerCase(), raw[i + 1]]);
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers,
    text: Buffer.concat(chunks).toString("utf8"),
  };
}

/** The first value of a header, or undefined. */
export function header(exchange, name) {
  return exchange.headers.find(([key]) => key === name)?.[1];
}
