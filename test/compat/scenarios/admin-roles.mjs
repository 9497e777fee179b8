// The admin plugin with roles of its own.

import { inRole } from "../lib/operators.mjs";

export const profile = "adminRoles";

export const scenarios = {
  "a role allows what it says": async (world) => {
    const support = await inRole(world, "support");
    const ada = await world.member();
    const userId = await world.userID(ada.email);
    await support.get(`/admin/get-user?id=${userId}`);
    await support.post("/admin/list-user-sessions", { userId });
    for (const [path, body] of [
      ["set-role", { userId, role: "owner" }], ["ban-user", { userId }], ["unban-user", { userId }], ["revoke-user-session", { sessionToken: "x" }],
      ["revoke-user-sessions", { userId }], ["remove-user", { userId }], ["set-user-password", { userId, newPassword: "another password" }],
      ["create-user", { email: world.address("a"), name: "A", role: "owner" }], ["create-user", { email: world.address("b"), name: "B", data: { role: "owner" } }],
      ["create-user", { email: world.address("c"), name: "C", data: { banned: false } }], ["create-user", { email: world.address("d"), name: "D" }],
      ["update-user", { userId, data: { role: "owner" } }], ["update-user", { userId, data: { banned: false } }], ["update-user", { userId, data: { email: "e@people.test" } }],
      ["update-user", { userId, data: { emailVerified: true } }], ["update-user", { userId, data: { phoneNumber: "1" } }], ["update-user", { userId, data: { name: "Countess" } }],
    ]) {
      await support.post(`/admin/${path}`, body);
    }
    await world.rows();
  },

  "only roles that there are": async (world) => {
    const owner = await inRole(world, "owner");
    const userId = await world.userID((await world.member()).email);
    for (const role of ["support", ["support", "owner"], "admin", ["support", "nothing"], "", []]) {
      await owner.post("/admin/set-role", { userId, role });
      await owner.post("/admin/update-user", { userId, data: { role } });
    }
    await owner.post("/admin/create-user", { email: world.address("x"), name: "X", role: "admin" });
    await owner.post("/admin/create-user", { email: world.address("y"), name: "Y", data: { role: ["support", "admin"] } });
    await world.rows();
  },

  "bans and impersonations by the settings": async (world) => {
    const owner = await inRole(world, "owner");
    const support = await inRole(world, "support");
    const ada = await world.member();
    const userId = await world.userID(ada.email);
    await support.post("/admin/impersonate-user", { userId: await world.userID(owner.email) });
    await owner.post("/admin/impersonate-user", { userId: await world.userID(owner.email) });
    await owner.post("/admin/stop-impersonating", {});
    await support.post("/admin/impersonate-user", { userId });
    await world.rows();
    await owner.post("/admin/ban-user", { userId });
    await world.post("/sign-in/email", { email: ada.email, password: ada.password });
    await support.get("/get-session");
    await world.rows();
  },

  "permissions of one's own": async (world) => {
    const [owner, support, guest] = [await inRole(world, "owner"), await inRole(world, "support,guest"), await world.member("guest")];
    for (const browser of [owner, support, guest]) {
      for (const permissions of [{ project: ["write"] }, { project: ["read"] }, { project: ["read"], user: ["list"] }, { user: ["list"] }, { user: ["delete"] }]) {
        await browser.post("/admin/has-permission", { permissions });
      }
    }
  },

  "an operator by id": async (world) => {
    await world.sql(
      `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt") values ('the-operator', 'Operator', $1, true, now(), now()) on conflict do nothing`,
      world.address("operator"),
    );
    const token = "a-session-of-the-operator-0123456";
    await world.sql(
      `insert into session (id, "userId", token, "expiresAt", "createdAt", "updatedAt") values ('s', 'the-operator', $1, now() + interval '1 day', now(), now()) on conflict do nothing`,
      token,
    );
    const headers = { authorization: `Bearer ${token}`, origin: world.target.baseURL };
    await world.request("POST", "/admin/has-permission", { headers, body: { permissions: { anything: ["at all"] } } });
    const ada = await world.member();
    await world.request("POST", "/admin/ban-user", { headers, body: { userId: await world.userID(ada.email) } });
    const support = await inRole(world, "support");
    await support.post("/admin/impersonate-user", { userId: "the-operator" });
  },
};
