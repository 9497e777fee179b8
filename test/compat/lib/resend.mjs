// The part of Resend's API that mail transports use: POST /emails and POST /emails/batch, with its
// answers to a missing key and to incomplete letters (https://resend.com/docs/api-reference/emails).

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { findLink, letter } from "./mail.mjs";

/** Starts it on 127.0.0.1; returns {url, apiKey, letters(), mails(), stop()}. */
export async function startResend() {
  const apiKey = `re_${randomUUID()}`;
  const letters = [];
  const server = createServer((request, response) => {
    answer(request, apiKey, letters).then(
      ([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    apiKey,
    letters: () => letters,
    mails: async () => letters.flatMap(mailsOf),
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request, apiKey, letters) {
  if (request.headers.authorization !== `Bearer ${apiKey}`) {
    return [401, failure(401, "validation_error", "API key is invalid")];
  }
  const body = await readJSON(request);
  if (request.method === "POST" && request.url === "/emails") {
    return accept(body, letters);
  }
  if (request.method === "POST" && request.url === "/emails/batch") {
    const answers = body.map((one) => accept(one, letters));
    const refused = answers.find(([status]) => status !== 200);
    return refused ?? [200, { data: answers.map(([, { id }]) => ({ id })) }];
  }
  return [404, failure(404, "not_found", "The requested endpoint does not exist")];
}

function accept(body, letters) {
  for (const field of ["from", "to", "subject"]) {
    if (!body[field]) return [422, failure(422, "missing_required_field", `Missing \`${field}\` field.`)];
  }
  if (!body.html && !body.text) {
    return [422, failure(422, "missing_required_field", "Missing `html` or `text` field.")];
  }
  letters.push(body);
  return [200, { id: randomUUID() }];
}

function failure(statusCode, name, message) {
  return { statusCode, name, message };
}

async function readJSON(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

// A letter without a link of ours, such as a security notice, is not one better-auth would send.
function mailsOf({ to, text, html }) {
  const link = findLink(text ?? html);
  if (!link) return [];
  return [to].flat().map((address) => letter(address.match(/<(.*)>/)?.[1] ?? address, link));
}
