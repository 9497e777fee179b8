// What scenarios of social sign-in do again and again.

export const providers = ["google", "github", "apple", "microsoft", "discord", "acme"];

/** A scenario for each of these providers. */
export const each = (name, run, which = providers) =>
  Object.fromEntries(which.map((provider) => [`${name} with ${provider}`, (world) => run(world, provider)]));

/** The client asks, the person does what `changes` say, and the browser goes back to the callback. */
export async function signIn(world, browser, provider, person, { body, ...changes } = {}) {
  const answer = await browser.client.signIn.social({ provider, callbackURL: "/app", errorCallbackURL: "/oops", newUserCallbackURL: "/welcome", ...body });
  return browser.follow(await world.consent(begun(answer, provider), person, changes));
}

/** The same for the user who is signed in. */
export async function link(world, browser, provider, person, { body, ...changes } = {}) {
  const answer = await browser.client.linkSocial({ provider, callbackURL: "/settings", errorCallbackURL: "/oops", ...body });
  return browser.follow(await world.consent(begun(answer, provider), person, changes));
}

/** Where an answer of sign-in or linking sends the person to. */
export function begun({ data, error }, provider) {
  if (error) throw Object.assign(new Error(`${provider}: ${JSON.stringify(error)}`), { code: error.code });
  return data.url;
}

/** A browser of somebody who signed up with this provider. Not written down. */
export function friend(world, provider, who = "ada", changes = {}) {
  return world.quietly(async () => {
    const person = world.person(provider, who);
    const browser = Object.assign(world.browser(), { person, email: person.email });
    await signIn(world, browser, provider, person, changes);
    if (!browser.jar.session()) throw new Error(`no session for ${person.email} at ${world.target.name}`);
    return browser;
  });
}

/** The account rows of this provider's, as list-accounts tells them, for the user who is signed in. */
export function accountOf(world, browser, provider) {
  return world.quietly(async () => {
    const { data } = await browser.client.listAccounts();
    const found = data.find(({ providerId }) => providerId === provider);
    if (!found) throw new Error(`no account with ${provider}: ${JSON.stringify(data)}`);
    return found;
  });
}

/** Leaves members out of an answer. */
export const without = (...names) => (answer) => Object.fromEntries(Object.entries(answer).filter(([name]) => !names.includes(name)));

/** Puts members into an answer, in place of those of the same name. */
export const having = (members) => (answer) => ({ ...answer, ...members });
