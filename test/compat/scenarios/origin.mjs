// Who may send requests that change something.

const own = "http://localhost:3000";
const evil = "https://evil.test";

const origins = [own, evil, "null", "", "garbage", `${own}.evil.test`, "http://localhost", "http://localhost:3001", "https://localhost:3000", "HTTP://LOCALHOST:3000", `${own}/`, `${own}/path`, "https://app.example.test", "https://APP.example.test", "https://app.example.test:443", "http://app.example.test", "https://a.wild.test", "https://a.b.wild.test", "https://wild.test", "https://a.wild.test:8443", "http://a.wild.test", "https://a.host.test", "http://a.host.test", "http://a.host.test:99", "https://host.test", "https://xwild.test", "file://", "chrome-extension://abc"];

export const scenarios = {
  "a cookie makes the Origin matter": async (world) => {
    for (const origin of origins) {
      await world.post("/sign-out", {}, { headers: { origin, cookie: "unrelated=1" } });
    }
    await world.post("/sign-out", {}, { headers: { cookie: "unrelated=1" } });
  },

  "without cookie nothing is asked at other routes": async (world) => {
    for (const origin of [own, evil, "null", "garbage"]) await world.post("/sign-out", {}, { headers: { origin } });
    await world.post("/sign-out", {});
    await world.post("/request-password-reset", { email: world.address("nobody") }, { headers: { origin: evil } });
  },

  "the e-mail routes look at every Origin": async (world) => {
    const body = { email: world.address("nobody"), password: "some password" };
    for (const origin of origins) {
      await world.post("/sign-in/email", { ...body, email: "x" }, { headers: { origin } });
    }
    await world.post("/sign-in/email", body);
    await world.post("/sign-up/email", { ...body, name: "x", password: "x" }, { headers: { origin: evil } });
  },

  "the Referer stands in for the Origin": async (world) => {
    const referers = [`${own}/page?x`, `${evil}/`, "garbage", "", own];
    for (const referer of referers) {
      await world.post("/sign-out", {}, { headers: { referer, cookie: "a=b" } });
      await world.post("/sign-in/email", { email: "x", password: "x" }, { headers: { referer } });
    }
    await world.post("/sign-out", {}, { headers: { origin: evil, referer: own, cookie: "a=b" } });
    await world.post("/sign-out", {}, { headers: { origin: "null", referer: own, cookie: "a=b" } });
    await world.post("/sign-out", {}, { headers: { origin: "", referer: own, cookie: "a=b" } });
  },

  "Fetch Metadata guards the e-mail routes": async (world) => {
    const metadata = (site, mode, dest) => ({ "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest });
    const cases = [
      metadata("cross-site", "navigate", "document"),
      metadata("cross-site", "navigate"),
      metadata("cross-site", "cors"),
      metadata("same-site", "navigate"),
      metadata("same-origin", "cors"),
      metadata("none", "navigate"),
      metadata(undefined, "cors"),
      metadata(undefined, undefined, "empty"),
      metadata("", "", ""),
      metadata("CROSS-SITE", "NAVIGATE"),
    ];
    for (const headers of cases) {
      for (const origin of [undefined, own, evil, "null"]) {
        await world.post("/sign-in/email", { email: "x", password: "x" }, { headers: { ...headers, origin } });
      }
    }
    await world.post("/sign-up/email", { name: "x", email: "a@x.test", password: "x" }, { headers: cases[0] });
    await world.post("/sign-out", {}, { headers: cases[0] });
    await world.post("/sign-in/email", { email: "x", password: "x" }, { headers: { ...cases[0], cookie: "a=b", origin: own } });
  },

  "a null Origin of the same origin is the server's own": async (world) => {
    const headers = { origin: "null", "sec-fetch-site": "same-origin" };
    await world.post("/sign-out", {}, { headers: { ...headers, cookie: "a=b" } });
    await world.post("/sign-in/email", { email: "x", password: "x" }, { headers });
    await world.post("/sign-out", {}, { headers: { ...headers, "sec-fetch-site": "same-site", cookie: "a=b" } });
  },

  "a page of a trusted origin signs in": async (world) => {
    const ada = await world.member();
    const headers = { origin: "https://app.example.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    await world.post("/sign-in/email", { email: ada.email, password: ada.password }, { headers });
    await world.get("/get-session", { headers: { ...headers, cookie: ada.jar.header() } });
  },

  "reading needs no Origin": async (world) => {
    const ada = await world.member();
    await ada.get("/get-session", { headers: { origin: evil } });
    await ada.get("/list-sessions", { headers: { origin: "null" } });
  },

  "the Origin is looked at before the body's members and after its syntax": async (world) => {
    const headers = { origin: evil, cookie: "a=b" };
    await world.post("/sign-in/email", "{", { headers });
    await world.post("/sign-in/email", {}, { headers });
    await world.post("/sign-in/email", "x", { headers: { ...headers, "content-type": "text/plain" } });
    await world.post("/change-password", {}, { headers });
    await world.post("/sign-in/email", {}, { headers: { origin: evil } });
  },

  "a changing request of a signed-in page needs its Origin": async (world) => {
    const ada = await world.member();
    for (const headers of [{ origin: undefined }, { origin: evil }, { origin: "null" }, {}]) {
      await ada.post("/update-user", { name: "Countess" }, { headers: { "sec-fetch-site": undefined, ...headers } });
    }
    await world.rows();
  },
};
