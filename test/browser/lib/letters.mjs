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
