// The admin plugin: users who look after the others.

import { inRole } from "../lib/operators.mjs";

export const profile = "admin";

const nobody = "nobody-has-this-id";

const administrator = (world) => inRole(world, "admin");

const idOf = async (world, { email }) => world.userID(email);

// What each route is asked for when somebody may do nothing, about the user with this id.
const everything = (userId) => [
  ["GET", `/admin/list-users`],
  ["GET", `/admin/get-user?id=${userId}`],
  ["POST", "/admin/create-user", { email: "new@people.test", name: "New" }],
  ["POST", "/admin/update-user", { userId, data: { name: "Other" } }],
  ["POST", "/admin/set-role", { userId, role: "admin" }],
  ["POST", "/admin/ban-user", { userId }],
  ["POST", "/admin/unban-user", { userId }],
  ["POST", "/admin/list-user-sessions", { userId }],
  ["POST", "/admin/revoke-user-session", { sessionToken: "x" }],
  ["POST", "/admin/revoke-user-sessions", { userId }],
  ["POST", "/admin/impersonate-user", { userId }],
  ["POST", "/admin/stop-impersonating", {}],
  ["POST", "/admin/remove-user", { userId }],
  ["POST", "/admin/set-user-password", { userId, newPassword: "another password" }],
  ["POST", "/admin/has-permission", { permissions: { user: ["list"] } }],
];

const ask = (browser, [method, path, body]) => (method === "GET" ? browser.get(path) : browser.post(path, body));

const odd = [undefined, null, 5, true, [], ["a", "b"], {}, ""];

export const scenarios = {
  "nobody may do anything": async (world) => {
    for (const request of everything(nobody)) await ask(world.browser(), request);
  },

  "a user may do nothing": async (world) => {
    const ada = await world.member();
    for (const request of everything(nobody)) await ask(ada, request);
    await world.rows();
  },

  "nobody makes themselves an administrator": async (world) => {
    const more = { role: "admin", banReason: "none", banExpires: "2099-01-01T00:00:00.000Z", impersonatedBy: "me", banned: true };
    for (const [name, value] of Object.entries(more)) {
      await world.post("/sign-up/email", { name: "Ada", email: world.address(name), password: "correct horse battery", [name]: value });
    }
    const ada = await world.member();
    for (const [name, value] of Object.entries(more)) {
      await ada.post("/update-user", { [name]: value });
      await ada.post("/update-session", { [name]: value });
    }
    await world.rows();
  },

  "users are made": async (world) => {
    const root = await administrator(world);
    const email = (who) => world.address(who);
    await root.client.admin.createUser({ email: email("Grace"), password: "correct horse battery", name: "Grace", role: "user" });
    await root.client.admin.createUser({ email: email("alan"), password: "short", name: "", role: ["admin", "user"], data: { emailVerified: true, image: "x" } });
    await root.client.admin.createUser({ email: email("joan"), name: "Joan", data: { role: "admin", banned: true, banReason: "Later", unknown: 1 } });
    await root.client.admin.createUser({ email: email("mary"), name: "Mary", role: "user", data: { role: "admin", email: "other@people.test", name: "Other" } });
    await world.post("/sign-in/email", { email: email("grace"), password: "correct horse battery" });
    await world.post("/sign-in/email", { email: email("alan"), password: "short" });
    await world.rows();
  },

  "users who cannot be made": async (world) => {
    const root = await administrator(world);
    const [email, name] = [world.address("grace"), "Grace"];
    for (const body of [
      {}, [], { email: 5 }, { email, name: 5, password: 5, role: 5, data: 5 }, { email: "not an address", name }, { email, name, data: [] },
      { email, name, data: { role: 5 } }, { email, name, data: { role: ["user", 5] } }, { email, name, role: [5] }, { email, name, role: null },
      { email, name, password: "x".repeat(129) }, { email: root.email.toUpperCase(), name }, { email, name, data: { role: null } },
    ]) {
      await root.post("/admin/create-user", body);
    }
    await world.rows();
  },

  "users are looked at and changed": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const id = await idOf(world, ada);
    await root.client.admin.getUser({ query: { id } });
    for (const query of ["", "?id=", `?id=${nobody}`, "?id=a&id=b"]) await root.get(`/admin/get-user${query}`);
    for (const data of [
      { name: "Countess", image: "https://images.example.test/a.png" }, { emailVerified: true }, { email: `${ada.email}`.toUpperCase() }, { role: ["admin", "user"] },
      { role: "user" }, { unknown: 1 }, { banReason: "A warning" }, { banReason: null, image: null },
    ]) {
      await root.client.admin.updateUser({ userId: id, data });
    }
    await ada.get("/get-session");
    await root.client.admin.updateUser({ userId: id, data: { banned: true, banReason: "Enough", banExpires: null } });
    await ada.get("/get-session");
    await root.client.admin.updateUser({ userId: id, data: { banned: false } });
    await world.rows();
  },

  "changes that are refused": async (world) => {
    const root = await administrator(world);
    const userId = await idOf(world, await world.member());
    const me = await idOf(world, root);
    for (const body of [
      {}, [], { userId }, { userId, data: 5 }, { userId, data: [] }, { userId, data: {} }, { userId, data: { password: "x" } }, { userId, data: { id: "x" } },
      { userId, data: { role: 5 } }, { userId, data: { role: ["admin", 5] } }, { userId, data: { role: null } }, { userId, data: { email: 5 } },
      { userId, data: { email: "not an address" } }, { userId, data: { email: root.email } }, { userId: nobody, data: { name: "x" } },
      { userId: me, data: { banned: true } },
    ]) {
      await root.post("/admin/update-user", body);
    }
    await world.rows();
  },

  "roles are given": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const userId = await idOf(world, ada);
    for (const role of ["admin", ["admin", "user"], ["user"], [], "of no meaning", ""]) await root.client.admin.setRole({ userId, role });
    for (const role of [undefined, null, 5, [5], {}]) await root.post("/admin/set-role", { userId, role });
    for (const id of odd) await root.post("/admin/set-role", { userId: id, role: "user" });
    await root.client.admin.setRole({ userId: nobody, role: "user" });
    await root.client.admin.setRole({ userId, role: "admin" });
    await ada.get("/admin/list-users?searchValue=nobody");
    await world.rows();
  },

  "a banned user is out": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const userId = await idOf(world, ada);
    await root.client.admin.banUser({ userId });
    await ada.get("/get-session");
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.post("/sign-in/email", { email: ada.email, password: "not the password" });
    await root.client.admin.banUser({ userId, banReason: "Spam", banExpiresIn: 7_200 });
    await world.rows();
    await root.client.admin.unbanUser({ userId });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await root.client.admin.banUser({ userId, banExpiresIn: -60 });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.rows();
  },

  "bans that are refused": async (world) => {
    const root = await administrator(world);
    const userId = await idOf(world, root);
    for (const path of ["/admin/ban-user", "/admin/unban-user"]) {
      for (const id of odd) await root.post(path, { userId: id });
      await root.post(path, { userId: nobody });
      await root.post(path, []);
    }
    for (const body of [{ banReason: 5 }, { banExpiresIn: "5" }, { banReason: null, banExpiresIn: null }, {}]) await root.post("/admin/ban-user", { userId, ...body });
    await world.rows();
  },

  "sessions are seen and ended": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const [phone, userId] = [await world.device(ada), await idOf(world, ada)];
    await root.client.admin.listUserSessions({ userId });
    await root.client.admin.revokeUserSession({ sessionToken: phone.token });
    await phone.get("/get-session");
    await ada.get("/get-session");
    await root.client.admin.revokeUserSession({ sessionToken: phone.token });
    await root.client.admin.revokeUserSessions({ userId });
    await ada.get("/get-session");
    await root.client.admin.listUserSessions({ userId });
    await root.client.admin.listUserSessions({ userId: nobody });
    await root.client.admin.revokeUserSessions({ userId: nobody });
    for (const sessionToken of odd) await root.post("/admin/revoke-user-session", { sessionToken });
    for (const id of [undefined, null, {}]) {
      await root.post("/admin/list-user-sessions", { userId: id });
      await root.post("/admin/revoke-user-sessions", { userId: id });
    }
    await world.rows();
  },

  "a user is removed": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const userId = await idOf(world, ada);
    await root.client.admin.removeUser({ userId: await idOf(world, root) });
    await root.client.admin.removeUser({ userId: nobody });
    for (const id of odd) await root.post("/admin/remove-user", { userId: id });
    await root.client.admin.removeUser({ userId });
    await root.client.admin.removeUser({ userId });
    await ada.get("/get-session");
    await world.rows();
  },

  "a password is set": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const userId = await idOf(world, ada);
    await root.client.admin.setUserPassword({ userId, newPassword: "another password" });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await world.post("/sign-in/email", { email: ada.email, password: "another password" });
    await ada.get("/get-session");
    await world.sql(`delete from account where "userId" = $1`, userId);
    await root.client.admin.setUserPassword({ userId, newPassword: "a third password" });
    await world.post("/sign-in/email", { email: ada.email, password: "a third password" });
    for (const body of [
      {}, { userId }, { userId, newPassword: "short" }, { userId, newPassword: "x".repeat(129) }, { userId, newPassword: 5 }, { userId: "", newPassword: "" },
      { userId: [], newPassword: "another password" }, { userId: null, newPassword: "another password" }, { userId: nobody, newPassword: "another password" },
    ]) {
      await root.post("/admin/set-user-password", body);
    }
    await world.rows();
  },

  "somebody is impersonated": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    await root.client.admin.impersonateUser({ userId: await idOf(world, ada) });
    await root.get("/get-session");
    await root.get("/list-sessions");
    await root.get("/admin/list-users");
    await ada.get("/list-sessions");
    await world.rows();
    await root.client.admin.stopImpersonating();
    await root.get("/get-session");
    await root.client.admin.stopImpersonating();
    await world.rows();
  },

  "an administrator who is not remembered comes back so": async (world) => {
    const root = await administrator(world);
    const short = await world.device(root, { rememberMe: false });
    const userId = await idOf(world, await world.member());
    await short.post("/admin/impersonate-user", { userId });
    await short.post("/admin/stop-impersonating", {});
    await short.get("/get-session");
  },

  "whom nobody impersonates": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    const userId = await idOf(world, ada);
    await root.post("/admin/impersonate-user", { userId: await idOf(world, root) });
    await root.post("/admin/impersonate-user", { userId: nobody });
    for (const id of odd) await root.post("/admin/impersonate-user", { userId: id });
    await world.quietly(() => root.post("/admin/ban-user", { userId }));
    await root.post("/admin/impersonate-user", { userId });
    await world.rows();
  },

  "an impersonation without a way back": async (world) => {
    const root = await world.member("root");
    await world.sql(`update "user" set role = 'admin' where email = $1`, root.email);
    const userId = await idOf(world, await world.member());
    await world.quietly(() => root.post("/admin/impersonate-user", { userId }));
    await world.request("POST", "/admin/stop-impersonating", {
      headers: { cookie: `better-auth.session_token=${root.jar.session()}`, origin: world.target.baseURL },
      body: {},
    });
    await world.sql(`delete from session where "userId" = (select id from "user" where email = $1)`, root.email);
    await root.post("/admin/stop-impersonating", {});
    await world.sql(`delete from "user" where email = $1`, root.email);
    await root.post("/admin/stop-impersonating", {});
    await root.get("/get-session");
  },

  "permissions are asked for": async (world) => {
    const root = await administrator(world);
    const ada = await world.member();
    await root.client.admin.hasPermission({ permissions: { user: ["list", "ban"], session: ["revoke"] } });
    await root.client.admin.hasPermission({ permissions: { user: ["impersonate-admins"] } });
    await ada.post("/admin/has-permission", { permissions: { user: ["list"] } });
    for (const body of [
      {}, [], { permissions: 5 }, { permissions: null }, { permissions: {} }, { permissions: { user: "list" } }, { permissions: { user: [] } },
      { permissions: { user: [5] } }, { permissions: { user: ["list", "fly"] } }, { permissions: { plane: ["fly"] } }, { permission: { user: ["list"] } },
      { permission: { user: ["list"] }, permissions: { user: ["list"] } }, { permission: 5, permissions: { user: ["list"] } }, { permission: 5 },
      { role: 5, permissions: { user: ["list"] } }, { role: 5 }, { role: "user", userId: 5, permissions: { user: ["list"] } },
    ]) {
      await root.post("/admin/has-permission", body);
    }
  },
};
