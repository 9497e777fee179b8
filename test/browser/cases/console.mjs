// The console and the mailbox of "postern dev", in front of its demo.

export const cases = {
  "sign-up at the console, letter in the mailbox, demo, sign-out": async (world) => {
    const ada = await world.visitor("ada");
    await ada.opens("/dev");
    await ada.sees("Not signed in.");
    await ada.presses("Call /api/me");
    await ada.page.getByText('"UNAUTHORIZED"').waitFor();

    const signUp = ada.page.getByRole("region", { name: "Sign up" });
    await ada.fills({ Name: ada.name, "E-mail": ada.email, Password: ada.password }, signUp);
    await ada.shows("console");
    await ada.presses("Sign up", signUp);
    await ada.page.getByText("200 OK").waitFor();
    await ada.sees("Not signed in.");

    await ada.follows("Mailbox");
    const letter = ada.page.getByRole("listitem").filter({ hasText: ada.email });
    while ((await letter.count()) === 0) await ada.follows("Look again");
    await ada.shows("mailbox");
    await ada.follows("Confirm your e-mail address");
    const frame = ada.page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "Confirm your e-mail address" }).waitFor();
    await ada.shows("letter");

    const [tab] = await Promise.all([ada.context.waitForEvent("page"), frame.getByRole("link").first().click()]);
    await tab.getByText(`Signed in as ${ada.name} <${ada.email}>`).waitFor();
    await tab.close();
    await ada.opens("/dev");
    await ada.sees(`Signed in as ${ada.name} <${ada.email}>`);
    await ada.presses("Call /api/me");
    await ada.page.getByText(`"email": "${ada.email}"`).waitFor();
    await ada.shows("signed-in");

    await ada.follows("Application");
    await ada.page.getByText(ada.email).waitFor();
    await ada.shows("demo");

    await ada.opens("/dev");
    await ada.presses("Sign out");
    await ada.sees("Not signed in.");
    await ada.presses("Call /api/me");
    await ada.page.getByText('"UNAUTHORIZED"').waitFor();

    const signIn = ada.page.getByRole("region", { name: "Sign in" });
    await ada.fills({ "E-mail": ada.email, Password: "not the password" }, signIn);
    await ada.presses("Sign in", signIn);
    await ada.page.getByText('"INVALID_EMAIL_OR_PASSWORD"').waitFor();
    await ada.fills({ "E-mail": ada.email, Password: ada.password }, signIn);
    await ada.presses("Sign in", signIn);
    await ada.sees(`Signed in as ${ada.name} <${ada.email}>`);
  },

  "sign-in with the development provider": async (world) => {
    const grace = await world.visitor("grace");
    await grace.opens("/dev");
    await grace.sees("Not signed in.");
    await grace.presses("Sign in with the development provider");
    await grace.page.getByRole("heading", { name: "Who do you want to be?" }).waitFor();
    await grace.fills({ Name: grace.name, "E-mail": grace.email });
    await grace.page.getByRole("checkbox", { name: "The address is verified" }).check();
    await grace.shows("provider");
    await grace.presses("Sign in");
    await grace.isAt("/dev");
    await grace.sees(`Signed in as ${grace.name} <${grace.email}>`);
    await grace.presses("Call /api/me");
    await grace.page.getByText(`"email": "${grace.email}"`).waitFor();
    await grace.shows("signed-in");

    await grace.presses("Sign out");
    await grace.sees("Not signed in.");
    await grace.presses("Sign in with the development provider");
    await grace.presses("Say no");
    await grace.page.waitForURL(/error=access_denied/);
    await grace.shows("said-no");
    await grace.opens("/dev");
    await grace.sees("Not signed in.");
  },
};
