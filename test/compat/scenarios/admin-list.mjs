// The admin plugin's list of users. It is about everybody, so nobody else may come meanwhile.

import { adminClient } from "better-auth/client/plugins";

export const profile = "admin";

export const scenarios = {
  "users are found": async (world) => {
    const root = await world.member("root", { name: "Root" });
    for (const [who, name] of [["ada", "Ada Lovelace"], ["grace", "Grace Hopper"], ["alan", "Alan Turing"]]) await world.member(who, { name });
    await world.sql(`update "user" set role = 'admin' where email = $1`, root.email);
    await world.sql(`update "user" set banned = true, "banReason" = 'Spam' where email = $1`, world.address("alan"));
    root.use(adminClient());
    const people = `@${root.email.split("@")[1]}`;
    const ours = { searchValue: people.slice(1), searchField: "email", searchOperator: "ends_with", sortBy: "email" };
    const { slug } = world;
    const found = async (query) => root.client.admin.listUsers({ query: { ...ours, searchValue: `.${slug}${people}`, ...query } });
    for (const query of [
      {}, { sortDirection: "desc" }, { limit: 2 }, { limit: 2, offset: 1 }, { limit: 2, offset: 9 }, { limit: 0, offset: 0 }, { limit: "many" }, { limit: -1 },
      { sortBy: "name", sortDirection: "desc" }, { sortBy: "createdAt" }, { sortBy: "nothing" }, { sortBy: "password" },
      { filterField: "role", filterValue: "admin" }, { filterField: "role", filterValue: "admin", filterOperator: "ne" },
      { filterField: "banned", filterValue: true }, { filterField: "banned", filterValue: false }, { filterField: "emailVerified", filterValue: "nonsense" },
      { filterField: "name", filterValue: "Hop", filterOperator: "contains" }, { filterField: "name", filterValue: "Ada", filterOperator: "starts_with" },
      { filterField: "name", filterValue: "Turing", filterOperator: "ends_with" }, { filterField: "nothing", filterValue: "x" },
      { filterField: "createdAt", filterValue: "2020-01-01T00:00:00.000Z", filterOperator: "gt" },
      { filterField: "createdAt", filterValue: "2020-01-01T00:00:00.000Z", filterOperator: "lte" },
      { filterField: "createdAt", filterValue: "not a date", filterOperator: "lt" }, { filterField: "role", filterValue: "admin", filterOperator: "in" },
      { filterField: "name", filterValue: "Grace Hopper", filterOperator: "lt" }, { filterField: "name", filterValue: "Grace Hopper", filterOperator: "gte" },
      { filterField: "banned", filterValue: "x", filterOperator: "contains" }, { filterValue: world.address("ada") }, { filterValue: "" },
    ]) {
      await found(query);
    }
    const base = `/admin/list-users?searchOperator=ends_with&sortBy=email&searchValue=${encodeURIComponent(`.${slug}${people}`)}`;
    for (const query of [
      "&filterField=name&filterValue=Ada%20Lovelace&filterValue=Alan%20Turing&filterOperator=in", "&filterField=name&filterValue=Ada%20Lovelace&filterValue=Alan%20Turing&filterOperator=not_in",
      "&filterField=name&filterValue=Ada%20Lovelace&filterOperator=not_in", "&limit=1&limit=2", "&sortDirection=up", "&searchField=id", "&searchOperator=like", "&filterOperator=like",
    ]) {
      await root.get(base + query);
    }
    await root.get("/admin/list-users?searchField=password");
    await root.get("/admin/list-users?searchValue=nobody&searchOperator=starts_with");
  },
};
