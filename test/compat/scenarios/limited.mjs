// Rate limits. Each scenario has an address of its own. What is left of a window is compared by whether it is nearly all of it:
// a busy machine may take a second between two requests.

import { header } from "../lib/wire.mjs";

export const profile = "limited";

const nobody = { email: "x", password: "x" };

/** Asks one after the other and writes down what a client could see of limits. */
async function watch(world, window, asks) {
  const seen = [];
  for (const { address, path = "/sign-in/email", body = nobody, headers = {} } of asks) {
    const all = { "x-forwarded-for": address, ...headers };
    const exchange = await world.quietly(() =>
      body === null ? world.get(path, { headers: all }) : world.post(path, body, { headers: all }),
    );
    const wait = header(exchange, "x-retry-after");
    const left = wait === undefined || Number(wait) > window ? wait : Number(wait) > window / 2 ? "most of it" : wait;
    seen.push({ path, status: exchange.status, text: exchange.text, type: header(exchange, "content-type"), left });
  }
  world.note("answers", seen);
}

const times = (n, ask) => Array(n).fill(ask);

export const scenarios = {
  "the fourth attempt to sign in waits": async (world) => {
    await watch(world, 10, [...times(5, { address: "203.0.113.21" }), { address: "203.0.113.22" }]);
  },

  "sign-up, password and address are limited like that": async (world) => {
    for (const path of ["/sign-up/email", "/change-password", "/change-email"]) {
      await watch(world, 10, times(4, { address: "203.0.113.23", path, body: {} }));
    }
  },

  "letters are limited by the minute": async (world) => {
    for (const path of ["/request-password-reset", "/send-verification-email"]) {
      await watch(world, 60, times(4, { address: "203.0.113.24", path, body: {} }));
    }
  },

  "everything else is asked a hundred times": async (world) => {
    const ask = { address: "203.0.113.25", path: "/get-session", body: null };
    const headers = { "x-forwarded-for": ask.address };
    await world.quietly(() => Promise.all(times(100, ask).map(({ path }) => world.get(path, { headers }))));
    await watch(world, 10, [ask, ask, { ...ask, path: "/ok" }]);
  },

  "what is refused counts as well": async (world) => {
    const ask = { address: "203.0.113.26" };
    await watch(world, 10, [{ ...ask, body: "{" }, { ...ask, headers: { "content-type": "text/plain" } }, { ...ask, body: "" }, ask, ask]);
  },

  "all addresses of one IPv6 network count together": async (world) => {
    const spellings = ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::2", "2001:0db8:0001:0002:0:0:0:3", "2001:db8:1:2:3:4:5:6", "2001:db8:1:3::1"];
    await watch(world, 10, spellings.map((address) => ({ address })));
  },

  "an IPv4 address in IPv6 clothes is the same": async (world) => {
    const spellings = ["203.0.113.27", "::ffff:203.0.113.27", "::FFFF:203.0.113.27", "::ffff:cb00:711b", "203.0.113.28"];
    await watch(world, 10, spellings.map((address) => ({ address })));
  },

  "each endpoint has a count of its own": async (world) => {
    const address = "203.0.113.31";
    await watch(world, 10, [...times(4, { address }), { address, path: "/sign-up/email", body: {} }, { address, path: "/change-password", body: {} }]);
  },

  "what only begins like a limited endpoint": async (world) => {
    for (const path of ["/sign-in/nope", "/sign-up/nope", "/change-password/x", "/change-email/", "/sign-in"]) {
      await watch(world, 10, times(4, { address: "203.0.113.32", path, body: {} }));
    }
  },

  "a slash at the end is no way around": async (world) => {
    const address = "203.0.113.33";
    await watch(world, 10, [...times(3, { address }), { address, path: "/sign-in/email/" }, { address, path: "/sign-in/email?x=1" }, { address, path: "/sign-in//email" }]);
  },

  "whoever has no address of their own shares one count": async (world) => {
    // Nobody else may use this endpoint without an address meanwhile.
    const path = "/change-email";
    const forwarded = ["not an address", "", "unknown", "203.0.113", "203.0.113.1x"];
    await watch(world, 10, forwarded.map((address) => ({ address, path, body: {} })));
  },

  "after the window it is allowed again": async (world) => {
    const ask = { address: "203.0.113.36" };
    await watch(world, 10, times(4, ask));
    await new Promise((resolve) => setTimeout(resolve, 10_500));
    await watch(world, 10, [ask]);
  },

  "the wait gets shorter": async (world) => {
    const ask = { address: "203.0.113.37" };
    const waits = [];
    await world.quietly(async () => {
      for (let n = 0; n < 3; n++) await world.post("/sign-in/email", nobody, { headers: { "x-forwarded-for": ask.address } });
      for (let n = 0; n < 2; n++) {
        const exchange = await world.post("/sign-in/email", nobody, { headers: { "x-forwarded-for": ask.address } });
        waits.push(Number(header(exchange, "x-retry-after")));
        await new Promise((resolve) => setTimeout(resolve, 2500));
      }
    });
    world.note("shorter", waits[1] < waits[0] && waits[1] >= 0 && waits[0] <= 10);
  },

  "reading is counted as well": async (world) => {
    const address = "203.0.113.38";
    await world.quietly(() => Promise.all(Array.from({ length: 100 }, () => world.get("/ok", { headers: { "x-forwarded-for": address } }))));
    await watch(world, 10, [{ address, path: "/ok", body: null }, { address, path: "/ok?x=1", body: null }]);
  },
};
