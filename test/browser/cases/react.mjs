// examples/react: a single-page app on another origin than Postern, in front of the FastAPI example.

import assert from "node:assert/strict";
import { fits, isAccessible } from "../lib/axe.mjs";
import { linkFromMailbox } from "../lib/letters.mjs";

const signedIn = (person) => person.sees(`Signed in as ${person.name} <${person.email}>.`);

async function signsOut(person) {
  await person.presses("Sign out");
  await person.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
}

export const cases = {
  "sign-up, letter, tasks by the API, sign-out, sign-in": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/");
    await ada.presses("I have no account yet");
    await isAccessible(ada.page);
    await ada.fills({ Name: ada.name, "E-mail": ada.email, Password: ada.password });
    await ada.shows("sign-up");
    await ada.presses("Sign up");
    await ada.page.getByText("A letter is on its way to").waitFor();
    assert.deepEqual(await ada.calls("/api/tasks"), { status: 401, code: "UNAUTHORIZED" }); // which the page could read

    await ada.page.goto(await linkFromMailbox(ada, "Confirm your e-mail address"));
    await ada.isAt("/");
    await signedIn(ada);
    await ada.fills({ "New task": "Note G" });
    await ada.presses("Add");
    const saved = ada.page.waitForResponse((response) => response.request().method() === "PATCH");
    await ada.page.getByLabel("Note G").check();
    assert.equal((await saved).status(), 200);
    await ada.page.reload();
    assert.ok(await ada.page.getByLabel("Note G").isChecked());
    await isAccessible(ada.page);
    await fits(ada.page);
    await ada.shows("tasks");

    await signsOut(ada);
    assert.deepEqual(await ada.calls("/api/tasks"), { status: 401, code: "UNAUTHORIZED" });
    await ada.fills({ "E-mail": ada.email, Password: "not the password" });
    await ada.presses("Sign in");
    await ada.sees("Invalid email or password");
    await ada.fills({ "E-mail": ada.email, Password: ada.password });
    await ada.presses("Sign in");
    await signedIn(ada);
    await ada.sees("Note G");
  },

  "a session that was ended elsewhere leads back to the forms": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/");
    await ada.presses("I have no account yet");
    await ada.fills({ Name: ada.name, "E-mail": ada.email, Password: ada.password });
    await ada.presses("Sign up");
    await ada.page.getByText("A letter is on its way to").waitFor();
    await ada.page.goto(await linkFromMailbox(ada, "Confirm your e-mail address"));
    await signedIn(ada);
    await ada.sees("Nothing to do.");
    const answer = await ada.context.request.post(`${world.stack.postern}/api/auth/sign-out`, { headers: { origin: world.stack.page } });
    assert.equal(answer.status(), 200);
    await ada.fills({ "New task": "too late" });
    await ada.presses("Add");
    await ada.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  },

  "the development provider": async (world) => {
    const grace = await world.visitor("grace");
    await grace.opens("/");
    await grace.presses("Sign in with dev");
    await grace.page.getByRole("heading", { name: "Who do you want to be?" }).waitFor();
    await grace.presses("Say no");
    await grace.isAt("/");
    await grace.sees("access_denied");

    await grace.presses("Sign in with dev");
    await grace.fills({ Name: grace.name, "E-mail": grace.email });
    await grace.page.getByRole("checkbox", { name: "The address is verified" }).check();
    await grace.presses("Sign in");
    await grace.isAt("/");
    await signedIn(grace);
    assert.equal((await grace.calls("/api/tasks")).status, 200);
    await signsOut(grace);
  },
};
