// examples/live: two browsers of one user in a room, one of which is shown the door by the other.

import { fits, isAccessible } from "../lib/axe.mjs";

const status = (person, id, text) => person.page.locator(`#${id}`).getByText(text).waitFor();

async function signsInHere(person) {
  await person.opens("/");
  await person.follows("Sign in");
  await person.fills({ "E-mail address": person.email, Password: person.password });
  await person.presses("Sign in");
  await person.isAt("/");
  for (const id of ["socket", "events"]) await status(person, id, /^open$/);
}

export const cases = {
  "both streams of a session that was ended end, and nobody else's": async (world) => {
    const home = await world.visitor("ada");
    const { status: signedUp } = await fetch(`${world.stack.direct}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: world.stack.postern },
      body: JSON.stringify({ name: home.name, email: home.email, password: home.password }),
    });
    if (signedUp !== 200) throw new Error(`sign-up: ${signedUp}`);
    const office = await world.elsewhere(home);
    await signsInHere(home);
    await signsInHere(office);
    await status(home, "people", `${home.name}, ${home.name}`);
    await home.page.reload(); // to see both sessions
    await status(home, "socket", /^open$/);

    await office.fills({ "Say something": "hello" });
    await office.presses("Say");
    await home.sees(`${home.name}: hello`);
    await isAccessible(home.page);
    await fits(home.page);

    // A third one is that of the sign-up above.
    await home.presses("End", home.page.getByRole("listitem").filter({ hasText: "Chrome" }));
    await status(office, "socket", "closed with 1008");
    await status(office, "events", "ended, and refused when it was opened again");
    await status(home, "people", new RegExp(`^${home.name}$`));
    await world.picture("ended");
    for (const id of ["socket", "events"]) await status(home, id, /^open$/);
    await office.page.reload();
    await office.page.getByRole("link", { name: "Sign in" }).waitFor();
  },
};
