// The rows that belong to one scenario's people, in a stable order.

const queries = {
  user: `select * from "user" where email like $1 order by "createdAt", email`,
  account: `select a.* from account a join "user" u on u.id = a."userId"
            where u.email like $1 order by a."createdAt", u.email`,
  session: `select s.* from session s join "user" u on u.id = s."userId"
            where u.email like $1 order by s."createdAt", u.email`,
  verification: `select v.* from verification v left join "user" u on u.id = v.value
                 where u.email like $1 or v.identifier = any ($2) order by v."createdAt"`,
};

/**
 * @param states the states of authorization requests that the scenario has seen
 * @returns {user, account, session, verification}: arrays of rows with better-auth's column names
 */
export async function rowsOf(database, slug, states) {
  const people = `%.${slug}@%`;
  const identifiers = states.map((state) => `auth-state:${state}`);
  const rows = {};
  for (const [table, query] of Object.entries(queries)) {
    const values = query.includes("$2") ? [people, identifiers] : [people];
    rows[table] = (await database.query(query, values)).rows;
  }
  return rows;
}
