// Trusted places with wildcards, addresses and schemes of applications.

export const profile = "origins";

const webs = [
  "https://app.example.test", "https://APP.EXAMPLE.TEST", "http://app.example.test", "https://app.example.test:444", "http://port.example.test:8080", "http://port.example.test",
  "https://preview-1.example.test", "https://preview-.example.test", "https://preview-12.example.test", "http://preview-1.example.test",
  "https://a.wild.test", "https://a.b.wild.test", "https://wild.test", "https://a.wild.test:8443", "https://a.wild.test.evil.test", "https://A.Wild.Test",
  "https://x-stage.example.test:1", "https://x-stage.example.test", "https://x-stage.example.test:", "https://-stage.example.test:99", "https://a.b-stage.example.test:1",
  "https://a.host.test", "http://a.host.test", "https://a.host.test:8443", "https://a.port.test:8443", "http://a.port.test:8443", "https://a.port.test",
  "http://192.168.0.1", "https://192.168.255.254", "http://192.168.0.1:3000", "http://192.168.0.evil.test", "http://192.168.evil.test", "http://192.168.0.999", "http://192.168.0.1.evil.test",
  "http://10.0.1.1:3000", "http://10.0.12.1:3000", "http://10.0.1.1", "http://10.0.a.1:3000", "https://10.0.1.1:3000",
  "https://xn--bcher-kva.example.test", "https://[::1]", "http://[::ffff:c0a8:1]", "http://localhost:3000", "http://LOCALHOST:3000", "http://127.0.0.1:3000", "http://localhost.:3000",
];

const schemes = [
  "myapp://", "myapp://anything/x?y#z", "MYAPP://x", "myapp2://x", "my://app", "myapp:///x", "myapp://x\\y", "myapp://x\ny",
  "pinned://callback/done", "pinned://callback/done/", "pinned://callback/done/more", "pinned://callback/done?x=1", "pinned://callback/done#x", "pinned://callback/donelike", "pinned://callback", "pinned://callback/", "pinned://other/done", "PINNED://CALLBACK/done", "pinned://callback/DONE", "pinned://callback/done/../evil", "pinned://callback/done%2f..%2fevil", "pinned://user@callback/done",
  "exp://a.exp.test", "exp://a.exp.test/--/x", "exp://a.b.exp.test", "exp://exp.test", "exp://a.exp.test:8081", "exp://evil.test/.exp.test", "exp://evil.test?a.exp.test", "exp://evil.test#a.exp.test", "exp://x@a.exp.test",
  "chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop/page.html", "chrome-extension://abcdefghijklmnopq", "chrome-extension://ABCDEFGHIJKLMNOP", "moz-extension://abcdefghijklmnop",
  "javascript:alert(1)", "javascript://myapp", "data:text/html,x", "blob:https://app.example.test/x", "file:///myapp", "about:blank", "intent://x#Intent;scheme=myapp;end", "mailto:a@b.test",
];

// What the two read differently, as Postern refuses to interpret it.
const odd = [
  "https://preview-..example.test", "https://.wild.test", "http://192.168.1", "http://192.168.0.0x1", "http://192.168.00.1", "https://evil.test@a.wild.test",
  "myapp:", "myapp:/x", "myapp:x", "myapp://user@x", "pinned://callback/x/../done", "pinned://callback/%64one", "ws://a.host.test", "myapp2://a.host.test", "javascript://a.host.test/%0aalert(1)",
];

const asOrigin = async (world, origins) => {
  for (const origin of origins) await world.post("/sign-out", {}, { headers: { origin, cookie: "unrelated=1" } });
};

// The rest of the body is wrong, so that a good callbackURL is 400 and has no effect.
const asTarget = async (world, targets) => {
  for (const callbackURL of targets) await world.post("/sign-in/email", { callbackURL });
};

const latin1 = (text) => !/[^\u0000-\u00ff]|[\n\r]/.test(text);

export const scenarios = {
  "a page's Origin is compared with every pattern": (world) => asOrigin(world, webs.filter(latin1)),

  "so is the Origin of an application": (world) => asOrigin(world, schemes.filter(latin1)),

  "a redirect to the web follows the same patterns": (world) => asTarget(world, webs.flatMap((web) => [web, `${web}/path?q=1#f`])),

  "a redirect to an application is compared by scheme, authority and path": (world) => asTarget(world, schemes),

  "odd spellings are refused": async (world) => {
    await asOrigin(world, odd);
    await asTarget(world, odd);
  },

  "links follow them as well": async (world) => {
    for (const target of [...webs.filter((_, index) => index % 4 === 0), ...schemes.filter((_, index) => index % 3 === 0)]) {
      await world.get(`/verify-email?token=x&callbackURL=${encodeURIComponent(target)}`);
    }
  },

  "a person comes back to the application": async (world) => {
    const ada = await world.member();
    for (const callbackURL of ["myapp://home?x=1#f", "exp://a.exp.test/--/home", "pinned://callback/done?x"]) {
      await world.post("/sign-in/email", { email: ada.email, password: ada.password, callbackURL });
      const { token } = await world.quietly(async () => {
        await world.post("/request-password-reset", { email: ada.email, redirectTo: callbackURL });
        return (await world.target.mails()).findLast(({ to, kind }) => to === ada.email && kind === "reset-password") ?? world.mail(ada.email, "reset-password");
      });
      await world.get(`/reset-password/${token}?callbackURL=${encodeURIComponent(callbackURL)}`);
      await world.get(`/reset-password/wrong?callbackURL=${encodeURIComponent(callbackURL)}`);
      await world.get(`/verify-email?token=bad&callbackURL=${encodeURIComponent(callbackURL)}`);
    }
  },

  "reading from a trusted page is allowed and from others is not": async (world) => {
    const ada = await world.member();
    for (const origin of ["https://a.wild.test", "https://evil.test", "myapp://x", "http://192.168.0.1"]) await ada.get("/get-session", { headers: { origin } });
  },
};
