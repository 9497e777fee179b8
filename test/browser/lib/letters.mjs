// The letters that Postern has sent.

const patience = 20_000;

/** Waits for the next letter to an address with that subject: {to, subject, link}. */
export async function letterTo({ letters }, to, subject) {
  const address = `${letters}?${new URLSearchParams({ to, subject })}`;
  for (const deadline = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const response = await fetch(address);
    if (response.ok) return response.json();
    if (Date.now() > deadline) throw new Error(`no letter "${subject}" to ${to}: ${response.status} ${await response.text()}`);
  }
}

/** Waits for a letter to somebody with that subject in the mailbox of `postern dev`, and returns its link. */
export async function linkFromMailbox({ stack, email }, subject) {
  for (const deadline = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const letters = await (await fetch(`${stack.direct}/dev/mail.json`)).json();
    const letter = letters.find((letter) => letter.to === email.toLowerCase() && letter.subject === subject);
    if (letter) return letter.links[0];
    if (Date.now() > deadline) throw new Error(`no letter "${subject}" to ${email}: ${JSON.stringify(letters)}`);
  }
}
