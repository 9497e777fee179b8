// Reading and tampering with the session cookie.

const name = "better-auth.session_token";

const session = (world, cookie) => world.get("/get-session", { cookie });

export const scenarios = {
  "the value is taken encoded and bare": async (world) => {
    const ada = await world.member();
    await session(world, `${name}=${ada.jar.session()}`);
    await session(world, `${name}=${ada.signed}`);
    await session(world, `${name}=${encodeURIComponent(ada.signed).replace(/%../g, (octet) => octet.toLowerCase())}`);
    await session(world, `${name}="${ada.jar.session()}"`);
  },

  "a tampered cookie is nobody and is not expired": async (world) => {
    const ada = await world.member();
    const [token, signature] = ada.signed.split(".");
    const flip = (text, at) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    const values = [
      token, `${token}.`, `.${signature}`, `${token}.${signature.slice(0, -1)}`, `${token}.${signature}=`, `${flip(token, 0)}.${signature}`,
      `${flip(token, 31)}.${signature}`, `${token}.${flip(signature, 0)}`, `${token}.${flip(signature, 40)}`, `${token.slice(1)}.${signature}`,
      `x${token}.${signature}`, `${token}.x.${signature}`, "", ".", "..", "%", "%zz", `${token}.${signature}%`, `${token}.${signature} `,
      `${token}.${signature.replaceAll("+", "-").replaceAll("/", "_")}x`, `${token.toLowerCase()}.${signature}`,
    ];
    for (const value of values) await session(world, `${name}=${value}`);
  },

  "other spellings of the name are other cookies": async (world) => {
    const ada = await world.member();
    const value = ada.jar.session();
    for (const spelling of ["Better-Auth.session_token", "__Secure-better-auth.session_token", "__Host-better-auth.session_token", "better-auth.session-token", "better_auth.session_token", "session_token"]) {
      await session(world, `${spelling}=${value}`);
    }
  },

  "the cookie is found among others": async (world) => {
    const ada = await world.member();
    const value = ada.jar.session();
    await session(world, `a=b; ${name}=${value}; c=d`);
    await session(world, `a=b;${name}=${value}`);
    await session(world, `; ; ${name}=${value};`);
    await session(world, `a; =x; "q"=1; ${name}=${value}`);
    await session(world, `${name}=${value}; ${name}=bad`);
    await session(world, `x${name}=${value}`);
  },

  "a well signed cookie of a session that is gone is expired": async (world) => {
    const ada = await world.member();
    const window = ada.copy();
    await world.sql(`delete from session where token = $1`, ada.token);
    await window.client.getSession();
    await ada.get("/list-sessions");
  },

  "a cookie cache that nobody keeps is taken away": async (world) => {
    const ada = await world.member();
    const own = `${name}=${ada.jar.session()}`;
    const data = "better-auth.session_data";
    for (const cookie of [`${data}=x`, `${data}.0=x; ${data}.7=y`, `${data}=x; ${data}.1=y`, `${data}=`, `${data}.x=y; ${data}.01=z`, `x${data}=y`]) {
      await session(world, cookie);
      await session(world, `${own}; ${cookie}`);
    }
    await world.get("/list-accounts", { cookie: `${own}; ${data}.4=x` });
    await world.post("/update-user", { name: "Countess" }, { cookie: `${own}; ${data}=x`, headers: { origin: world.target.baseURL } });
    await world.post("/sign-out", {}, { cookie: `${own}; ${data}=x; ${data}.3=y`, headers: { origin: world.target.baseURL } });
  },

  "several cookies on the way of another endpoint": async (world) => {
    const ada = await world.member();
    await world.get("/list-accounts", { cookie: `${name}=${ada.jar.session()}; better-auth.session_data=x; better-auth.session_data.0=y` });
  },

  "cookies of signing out": async (world) => {
    const ada = await world.member();
    const kiosk = await world.device(ada, { rememberMe: false });
    await kiosk.client.signOut();
    await ada.client.signOut();
  },
};
