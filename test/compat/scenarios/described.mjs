// The description of the API: the open-api plugin.

import { betterAuth } from "better-auth";
import { jwt } from "better-auth/plugins/jwt";

export const profile = "described";

/** What the package itself says of each endpoint that it gives a name: {method, path, id}. */
function named() {
  const { api } = betterAuth({ baseURL: "http://localhost:3000", secret: "8f2d0b6a4c1e9753fb64a1d20e7c85936b0f", plugins: [jwt()], telemetry: { enabled: false } });
  return Object.values(api)
    .filter(({ path, options }) => path && !options.metadata?.SERVER_ONLY && options.metadata?.openapi?.operationId)
    .map(({ path, options }) => ({ path: path.replace(/:(\w+)/g, "{$1}"), method: [options.method].flat()[0].toLowerCase() }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

async function description(world) {
  return JSON.parse((await world.quietly(() => world.get("/open-api/generate-schema"))).text);
}

const fields = (operation) => operation?.requestBody?.content?.["application/json"]?.schema ?? {};

export const scenarios = {
  "it is there": async (world) => {
    await world.get("/open-api/generate-schema");
    await world.get("/reference");
    world.note("members", Object.keys(await description(world)).sort());
  },

  "it says where the API is": async (world) => {
    const { openapi, servers, components } = await description(world);
    world.note("version", openapi);
    world.note("servers", servers);
    world.note("schemes", Object.entries(components.securitySchemes).map(([name, { type, in: place, scheme }]) => [name, type, place, scheme]));
    world.note("models", ["User", "Session"].map((name) => [name, Object.keys(components.schemas[name].properties).sort()]));
  },

  "operations have the same names": async (world) => {
    const { paths } = await description(world);
    for (const { path, method } of named()) {
      const operation = paths[path]?.[method];
      world.note(`${method} ${path}`, operation?.operationId);
    }
  },

  "bodies have the same fields": async (world) => {
    const { paths } = await description(world);
    for (const { path, method } of named().filter(({ method }) => method === "post")) {
      const { properties = {}, required = [] } = fields(paths[path]?.[method]);
      world.note(`${method} ${path}`, { fields: Object.keys(properties).sort(), required: [...required].sort() });
    }
  },
};
