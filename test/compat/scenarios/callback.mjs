// Where a client may ask to be sent.

export const targets = [
  "/", "/a?b=c#d", "/a b", "/é", "/a//b", "/a/../b", "/.", "/a:b", "/~x", "/@evil", "/%00", "/[x]", "/a|b", '/a"b', "/a<b>", "/a{b}", "/a`b", "/a^b",
  "/a?u=http://evil.test", "/a?u=//e", "/a?%2f", "/a#%5c", "/a?x=<>", "/a?x={}", "/a ", "/a?x=\\", "/a#\\",
  "//evil.test", "///evil.test", "/\\evil.test", "\\/evil.test", "\\\\evil.test", "/a\\b", "/%2fevil.test", "/%5cevil.test", "/a%2Fb", "/a%5Cb",
  "/a\tb", "/a\nb", "/\t/evil.test", "\t//evil.test", " /a", "\u00a0/a", "/a\u0085b", "/a\u2028b",
  "a", "a/b", "?x", "#x", "", "./a", "../a", "//",
  "http://localhost:3000", "http://localhost:3000/x?y#z", "http://localhost:3001", "https://localhost:3000", "http://localhost", "http://localhost:3000.evil.test", "http://localhost:3000@evil.test",
  "https://app.example.test", "https://app.example.test/z", "HTTPS://APP.EXAMPLE.TEST/", "https://app.example.test:443/", "https://app.example.test:444/", "https://app.example.test.evil.test", "https://app.example.test@evil.test", "https://app.example.test\\@evil.test", "https://app.example.test%2eevil.test", "https://app.example.test#@evil.test/", "https://app.example.test?@evil.test/",
  "https://a.wild.test/", "https://a.b.wild.test/x", "https://wild.test/", "https://evil.test/.wild.test", "https://evil.test?a.wild.test", "https://evil.test#a.wild.test", "https://a.wild.test@evil.test", "https://a.wild.test:1/",
  "http://a.host.test/", "https://a.host.test/", "https://a.host.test:8443/", "https://evil.test/a.host.test",
  "https://evil.test", "https:evil.test", "https:/evil.test", "https:///evil.test", "http:\\\\evil.test", "javascript:alert(1)", "data:text/html,x", "myapp://x", "file:///etc/passwd", "blob:http://localhost:3000/x", "https://[::1]/", "https://ａｐｐ.example.test/", "https://app.example.test./", "https://", "http:", ":", "mailto:a@b.test",
];

export const scenarios = {
  "callbackURL is a path or a trusted place": async (world) => {
    // The rest of the body is wrong, so that a good callbackURL is 400 and has no effect.
    for (const callbackURL of targets) await world.post("/sign-in/email", { callbackURL });
  },

  "redirectTo follows the same rules": async (world) => {
    for (const redirectTo of targets) await world.post("/request-password-reset", { redirectTo });
  },

  "links follow the same rules": async (world) => {
    for (const target of targets) {
      await world.get(`/verify-email?token=x&callbackURL=${encodeURIComponent(target)}`);
      await world.get(`/reset-password/x?callbackURL=${encodeURIComponent(target)}`);
    }
  },

  "every endpoint looks at all four": async (world) => {
    const members = ["callbackURL", "redirectTo", "errorCallbackURL", "newUserCallbackURL"];
    for (const path of ["/sign-out", "/sign-in/email", "/reset-password", "/revoke-sessions", "/delete-user", "/update-user"]) {
      for (const member of members) {
        await world.post(path, { [member]: "https://evil.test" });
        await world.post(path, { [member]: 1 });
      }
      await world.post(`${path}?callbackURL=https%3A%2F%2Fevil.test`, {});
      await world.post(`${path}?redirectTo=https%3A%2F%2Fevil.test`, {});
    }
  },

  "the body's callbackURL goes before the query's": async (world) => {
    await world.post("/sign-out?callbackURL=https%3A%2F%2Fevil.test", { callbackURL: "/" });
    await world.post("/sign-out?callbackURL=%2F", { callbackURL: "https://evil.test" });
    await world.post("/sign-out?callbackURL=%2F&callbackURL=%2F", {});
    await world.post("/sign-out?callbackURL=https%3A%2F%2Fevil.test", { callbackURL: "" });
  },
};
