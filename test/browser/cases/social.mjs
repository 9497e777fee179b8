// Signing in with an account elsewhere: acme is zitadel's OpenID provider, which knows ada and grace at people.test.

import assert from "node:assert/strict";

// The way over to the provider, through its form, and back.
async function signsInWithAcme(person, user) {
  await person.opens("/auth/sign-in");
  await person.presses("Sign in with acme");
  await person.page.waitForURL((url) => url.origin === person.stack.provider);
  await person.shows("provider");
  await person.fills({ "Username:": user, "Password:": "correct horse" });
  await person.presses("Login");
}

async function stranger(world, name, user) {
  const person = await world.visitor(user);
  person.trusts.add(world.stack.provider);
  return Object.assign(person, { name, email: `${user}@people.test` });
}

async function elsewhere(world, person) {
  const other = await world.elsewhere(person);
  other.trusts.add(world.stack.provider);
  return other;
}

export const cases = {
  "a stranger comes in by a provider, once, and is the same person the next time": async (world) => {
    const ada = await stranger(world, "Ada Lovelace", "ada");
    const callbacks = [];
    ada.page.on("request", (request) => {
      if (request.url().startsWith(`${world.stack.postern}/api/auth/callback/acme`)) callbacks.push(request.url());
    });
    await signsInWithAcme(ada, "ada");
    await ada.isAt("/");
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
    await ada.fills({ "New task": "Note G" });
    await ada.presses("Add");
    await ada.sees("Note G");
    await ada.shows("signed-in");

    // The way back works once, and in the browser alone that set out.
    assert.equal(callbacks.length, 1);
    const eve = await world.visitor("eve");
    await eve.opens(callbacks[0]);
    assert.match(new URL(eve.page.url()).search, /error=state_mismatch/);
    await eve.isOut();
    await ada.opens(callbacks[0]);
    assert.match(new URL(ada.page.url()).search, /error=state_mismatch/);

    await ada.opens("/");
    await ada.picks("Sign Out"); // there, too
    await ada.page.waitForURL((url) => url.origin === world.stack.provider);
    await ada.shows("signed-out");
    await ada.isOut();

    const home = await elsewhere(world, ada);
    await signsInWithAcme(home, "ada");
    await home.isAt("/");
    await home.sees("Note G");
    await home.opens("/account/security");
    await home.page.getByRole("button", { name: "Set Password" }).waitFor(); // she has none
    await home.shows("security");
  },

  "somebody with a password and the same proved address may use either": async (world) => {
    const grace = await world.joins(await stranger(world, "Grace", "grace"));
    await grace.fills({ "New task": "Find the moth" });
    await grace.presses("Add");
    await grace.sees("Find the moth");

    const home = await elsewhere(world, grace);
    await signsInWithAcme(home, "grace");
    await home.isAt("/");
    await home.sees(`200 ${grace.name} <${grace.email}>`); // the name that she chose here
    await home.sees("Find the moth");

    // The kit names the account as better-auth 1.6 did: to servers of 1.7 it is unknown, and stays.
    await home.opens("/account/security");
    const cell = home.page.locator('[data-slot="card"]').filter({ hasText: "acme" }).last();
    await home.presses("Unlink", cell);
    await home.sees("Account not found");
    await home.shows("linked");

    const cafe = await elsewhere(world, grace);
    await cafe.signsIn();
    await cafe.sees(`200 ${grace.name} <${grace.email}>`);
  },
};
