// Adds to each endpoint of the page a form that sends the request. Everything that is shown goes in as text.
"use strict";

const bearer = document.getElementById("bearer");
const filter = document.getElementById("filter");

/** An element with properties and children. */
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The kinds of value a schema takes: ["string", "null"]. */
function kinds(schema) {
  return [schema.type ?? []].flat();
}

/** The control for a field. Texts go as they are, all else as JSON; what is left empty is not sent. */
function control(name, where, schema, required) {
  const plain = where !== "body" || kinds(schema).includes("string");
  const input = kinds(schema).includes("boolean")
    ? element("select", {}, ...["", "true", "false"].map((value) => element("option", { value }, value)))
    : element("input", { type: schema.format === "password" ? "password" : "text", autocomplete: "off" });
  const hint = required ? " (required)" : "";
  const form = plain ? "" : ", as JSON";
  return { name, where, input, plain, label: element("label", {}, `${name} in ${where}${form}${hint}`, input) };
}

function controls(operation) {
  const parameters = (operation.parameters ?? []).map((p) => control(p.name, p.in, p.schema, p.required));
  return [...parameters, ...members(operation.requestBody?.content["application/json"].schema)];
}

/** The controls for a body; where it is one of several objects, for the members of all. */
function members(body) {
  const objects = body?.oneOf ?? [body ?? {}];
  const schemas = Object.assign({}, ...objects.map((object) => object.properties));
  const required = (name) => objects.every((object) => object.required?.includes(name));
  return Object.entries(schemas).map(([name, schema]) => control(name, "body", schema, required(name)));
}

/** The request that the controls' values make. */
function request(base, method, path, operation, fields) {
  const url = new URL(base + path.replace(/\{(\w+)\}/g, (_, name) => {
    return encodeURIComponent(fields.find((field) => field.where === "path" && field.name === name).input.value);
  }), location.href);
  const body = {};
  for (const { name, where, input, plain } of fields) {
    if (input.value === "") continue;
    if (where === "query") url.searchParams.set(name, input.value);
    if (where === "body") body[name] = plain ? input.value : JSON.parse(input.value);
  }
  const headers = {};
  if (bearer.value !== "") headers.authorization = `Bearer ${bearer.value}`;
  const init = { method: method.toUpperCase(), headers, redirect: "manual", cache: "no-store" };
  if (operation.requestBody) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  return [url, init];
}

/** What an answer says, for people. */
async function report(response) {
  if (response.type === "opaqueredirect") return "A redirect. Browsers do not tell scripts where it leads.";
  const text = await response.text();
  const shown = [`${response.status} ${response.statusText}`];
  for (const name of ["set-auth-token", "set-auth-jwt", "retry-after"]) {
    if (response.headers.has(name)) shown.push(`${name}: ${response.headers.get(name)}`);
  }
  try {
    return [...shown, "", JSON.stringify(JSON.parse(text), null, 2)].join("\n");
  } catch {
    return [...shown, "", text].join("\n");
  }
}

function addForm(place, base, method, path, operation) {
  const fields = controls(operation);
  const output = element("pre", { hidden: true, tabIndex: 0 });
  output.setAttribute("role", "status");
  const form = element("form", { className: "try" },
    element("h3", {}, "Try it"), ...fields.map((field) => field.label), element("button", { type: "submit" }, "Send"), output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.hidden = false;
    output.textContent = "…";
    try {
      output.textContent = await report(await fetch(...request(base, method, path, operation, fields)));
    } catch (error) {
      output.textContent = `Not sent: ${error.message}`;
    }
  });
  place.append(form);
}

/** Where to send to: this origin, whatever its name, with the base path of the description. */
function baseOf(description) {
  return new URL(description.servers[0].url, location.href).pathname;
}

function show() {
  const wanted = filter.value.trim().toLowerCase();
  for (const operation of document.querySelectorAll(".operation")) {
    operation.hidden = !operation.querySelector("summary").textContent.toLowerCase().includes(wanted);
  }
  for (const part of document.querySelectorAll("main > section")) {
    const operations = [...part.querySelectorAll(".operation")];
    part.hidden = operations.length > 0 && operations.every((operation) => operation.hidden);
  }
}

/** Opens the endpoint that the address names, also when it was not among those that were looked for. */
function open() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.classList.contains("operation")) {
    if (named.hidden) {
      filter.value = "";
      show();
    }
    named.open = true;
    named.scrollIntoView();
  }
}

async function start() {
  const description = await (await fetch("openapi.json")).json();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const place = document.getElementById(operation.operationId)?.querySelector(".inside");
      if (place) addForm(place, baseOf(description), method, path, operation);
    }
  }
  document.getElementById("tools").hidden = false;
}

document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("input", show);
window.addEventListener("hashchange", open);
open();
start();
