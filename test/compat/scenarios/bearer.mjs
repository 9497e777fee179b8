// Bearer tokens, as the bearer plugin takes them.

const authorized = (world, value, options = {}) =>
  world.get("/get-session", { ...options, headers: { authorization: value } });

export const scenarios = {
  "plain, signed and encoded tokens are taken": async (world) => {
    const ada = await world.member();
    await authorized(world, `Bearer ${ada.token}`);
    await authorized(world, `Bearer ${ada.signed}`);
    await authorized(world, `Bearer ${encodeURIComponent(ada.signed)}`);
    await authorized(world, `Bearer ${ada.jar.session()}`);
  },

  "the scheme is read in any case": async (world) => {
    const ada = await world.member();
    for (const scheme of ["bearer", "BEARER", "BeArEr"]) await authorized(world, `${scheme} ${ada.token}`);
    await authorized(world, `Bearer   ${ada.token}  `);
    await authorized(world, `Bearer\t${ada.token}`);
  },

  "other schemes and empty tokens are nothing": async (world) => {
    const ada = await world.member();
    for (const value of ["", "Bearer", "Bearer ", `Basic ${ada.token}`, ada.token, `Token ${ada.token}`, `Bearer${ada.token}`]) {
      await authorized(world, value);
    }
  },

  "an unknown plain token is nobody": async (world) => {
    await authorized(world, "Bearer unknown");
    await authorized(world, `Bearer ${"A".repeat(32)}`);
    await world.get("/list-sessions", { headers: { authorization: "Bearer unknown" } });
  },

  "a wrong signature is ignored": async (world) => {
    const ada = await world.member();
    const broken = ada.signed.slice(0, -6) + "AAAAA=";
    await authorized(world, `Bearer ${broken}`);
    await authorized(world, `Bearer ${ada.token}.`);
    await authorized(world, `Bearer ${ada.token}.x`);
    await authorized(world, `Bearer ${ada.signed}.x`);
    await authorized(world, "Bearer ...");
    await authorized(world, "Bearer %zz.%");
  },

  "a good token goes before the cookie": async (world) => {
    const ada = await world.member();
    const bob = await world.member("bob");
    await ada.get("/get-session", { headers: { authorization: `Bearer ${bob.token}` } });
    await ada.copy().get("/get-session", { headers: { authorization: "Bearer unknown" } });
  },

  "a badly signed token leaves the cookie": async (world) => {
    const ada = await world.member();
    await ada.get("/get-session", { headers: { authorization: `Bearer ${ada.token}.x` } });
    await ada.get("/get-session", { headers: { authorization: "Basic x" } });
  },

  "sign-in tells the token in set-auth-token": async (world) => {
    const ada = await world.member();
    const { headers } = await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    const token = headers.find(([name]) => name === "set-auth-token")[1];
    await authorized(world, `Bearer ${token}`);
  },

  "a bearer client needs no Origin": async (world) => {
    const ada = await world.member();
    const headers = { authorization: `Bearer ${ada.token}` };
    await world.post("/update-user", { name: "Countess" }, { headers });
    await world.post("/change-password", { currentPassword: ada.password, newPassword: "another password" }, { headers });
    await world.get("/list-sessions", { headers });
    await world.post("/sign-out", {}, { headers });
    await world.get("/get-session", { headers });
    await world.rows();
  },

  "every way of signing in tells the token": async (world) => {
    const ada = await world.member();
    const bob = await world.stranger("bob");
    await world.get(new URL((await world.mail(bob.email, "verify-email")).url).pathname + new URL((await world.mail(bob.email, "verify-email")).url).search);
    await world.post("/sign-in/email", { email: ada.email, password: ada.password, rememberMe: false });
    await world.post("/change-password", { currentPassword: ada.password, newPassword: "another password", revokeOtherSessions: true }, { headers: { authorization: `Bearer ${ada.signed}` } });
  },

  "tokens in odd forms": async (world) => {
    const ada = await world.member();
    const [token, signature] = ada.signed.split(".");
    const once = encodeURIComponent(ada.signed);
    for (const value of [
      `${token}%2E${encodeURIComponent(signature)}`, encodeURIComponent(once), `${token}.${encodeURIComponent(signature)}%`, `"${ada.signed}"`, `${ada.signed},x`, ` ${ada.signed}`,
      `${token}.${signature.slice(0, -1)}`, `${token}.${signature}=`, `${token}..${signature}`, `.${signature}`, `${token};x`,
    ]) {
      await authorized(world, `Bearer ${value}`);
    }
  },

  "a bearer session is renewed": async (world) => {
    const ada = await world.member();
    await world.sql(`update session set "expiresAt" = now() + interval '5 days' where token = $1`, ada.token);
    await authorized(world, `Bearer ${ada.token}`);
    await world.rows();
  },

  "a bearer client revokes": async (world) => {
    const ada = await world.member();
    const phone = await world.device(ada);
    const headers = { authorization: `Bearer ${ada.signed}` };
    await world.post("/revoke-session", { token: phone.token }, { headers });
    await world.post("/revoke-other-sessions", undefined, { headers });
    await world.post("/revoke-sessions", undefined, { headers });
    await authorized(world, `Bearer ${ada.signed}`);
  },
};
