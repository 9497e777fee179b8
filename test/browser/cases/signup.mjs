// From a stranger to a user of the application.

import assert from "node:assert/strict";

export const cases = {
  "a stranger signs up, opens the letter and is in": async (world) => {
    const ada = await world.visitor("ada");
    await ada.isOut();
    await ada.follows("Sign in");
    await ada.follows("Sign Up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: ada.password, "Confirm Password": ada.password });
    await ada.shows("filled-in");
    await ada.presses("Create an account");
    await ada.sees("Check your email for the verification link.");
    await ada.isAt("/auth/sign-in");
    await ada.shows("check-your-mail");
    await ada.isOut();

    await ada.followsLetter("Confirm your e-mail address");
    await ada.isAt("/");
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
    await ada.shows("signed-in");

    await ada.fills({ "New task": "Feed the cat" });
    await ada.presses("Add");
    await ada.sees("Feed the cat");
    await ada.shows("task");
  },

  "an address that was not proved gets in nowhere, and another letter": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: ada.password, "Confirm Password": ada.password });
    await ada.presses("Create an account");
    await ada.isAt("/auth/sign-in");
    await ada.letter("Confirm your e-mail address"); // lies unread

    await ada.signsIn();
    await ada.sees("email not verified");
    await ada.shows("not-verified");
    assert.equal(await ada.cookie("session_token"), undefined);

    await ada.followsLetter("Confirm your e-mail address");
    await ada.isIn();
  },

  "a password that is too short is refused in the kit's words": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: "short", "Confirm Password": "short" });
    await ada.presses("Create an account");
    await ada.sees("Password too short");
    await ada.shows("too-short");
    await ada.isAt("/auth/sign-up");
  },

  "a letter opened at another browser signs in there": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/auth/sign-up");
    await ada.fills({ Name: ada.name, Email: ada.email, Password: ada.password, "Confirm Password": ada.password });
    await ada.presses("Create an account");
    await ada.isAt("/auth/sign-in");
    const phone = await world.elsewhere(ada);
    await phone.followsLetter("Confirm your e-mail address");
    await phone.sees(`200 ${ada.name} <${ada.email}>`);
    await ada.isOut();
    await ada.signsIn();
    await ada.sees(`200 ${ada.name} <${ada.email}>`);
  },

  "people see their own tasks only": async (world) => {
    const ada = await world.member("ada");
    const grace = await world.member("grace");
    await ada.fills({ "New task": "Ada's secret" });
    await ada.presses("Add");
    await ada.sees("Ada's secret");
    await grace.fills({ "New task": "Grace's plan" });
    await grace.presses("Add");
    await grace.sees("Grace's plan");
    await grace.opens("/");
    await grace.sees("Grace's plan");
    await grace.seesNothingOf("Ada's secret");
    await ada.shows("two-people");
  },
};
