// Which requests reach an endpoint at all.

const routes = {
  POST: ["/sign-up/email", "/sign-in/email", "/sign-out", "/revoke-session", "/change-password", "/reset-password"],
  GET: ["/get-session", "/list-sessions", "/verify-email", "/ok", "/error", "/list-accounts"],
};

export const scenarios = {
  "ok is ok": async (world) => {
    await world.get("/ok");
    await world.get("/ok?x=1");
  },

  "unknown routes are empty 404": async (world) => {
    const paths = ["/", "/nope", "/sign-in", "/sign-up", "/sign-in/nope", "/ok/more", "/get-session.json", "/reset-password", "/.", "/;x"];
    for (const path of paths) await world.get(path);
    for (const path of paths) await world.post(path, {});
  },

  "other methods are 404, never 405": async (world) => {
    for (const path of routes.POST) {
      for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) await world.request(method, path);
    }
    for (const path of routes.GET.filter((path) => path !== "/get-session")) {
      for (const method of ["POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) await world.request(method, path);
    }
    for (const method of ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) await world.request(method, "/get-session");
  },

  "paths are exact": async (world) => {
    for (const path of ["/ok/", "/OK", "/%6fk", "/ok%2f", "/ok%20", "//ok", "/./ok", "/x/../ok", "/ok//", "/get-session/", "/Get-Session"]) {
      await world.get(path);
    }
    await world.get("^/api/auth//ok");
    await world.get("^//api/auth/ok");
    await world.get("^/API/AUTH/ok");
  },

  "a preflight gets no CORS answer": async (world) => {
    await world.request("OPTIONS", "/sign-in/email", {
      headers: {
        origin: "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
  },

  "a POST to a wrong path is not checked for its origin": async (world) => {
    await world.post("/nope", {}, { headers: { origin: "https://evil.test", cookie: "a=b" } });
    await world.post("/nope", "{", { headers: { "content-type": "text/plain" } });
  },

  "get-session is read only": async (world) => {
    const ada = await world.member();
    await ada.post("/get-session", {});
    await ada.post("/get-session");
    await ada.post("/get-session", "{");
  },

  "the error page redirects in production": async (world) => {
    const queries = ["", "?error=abc", "?error=a%20b", "?error=it's", "?error=%3Cscript%3E", "?error=", "?error=a&error=b", "?error=abc&error_description=hello%20%3Cb%3E", "?error=ABC_def-1", "?error_description=only"];
    for (const query of queries) await world.get(`/error${query}`);
  },

  "odd queries are no fault": async (world) => {
    const ada = await world.member();
    for (const query of ["?", "?disableRefresh", "?disableRefresh=%zz", "?a=1;b=2", "?disableRefresh=1&disableRefresh=2", `?x=${"y".repeat(4000)}`]) {
      await ada.get(`/get-session${query}`);
    }
  },
};
