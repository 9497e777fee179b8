// The endpoints of plugins that Postern does not have.

import { catalogue } from "../lib/catalogue.mjs";

export const scenarios = Object.fromEntries(
  catalogue()
    .plugins.filter(({ endpoints, shownBy }) => endpoints.length > 0 && !shownBy)
    .map(({ name, endpoints }) => [
      `${name} is not there`,
      async (world) => {
        for (const { method, path } of endpoints) {
          await world.request(method, path.replaceAll(":", ""), { body: method === "GET" ? undefined : {} });
        }
      },
    ]),
);
