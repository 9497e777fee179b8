// Waiting for something that another process does.

/** Asks again until the answer is true (or at least something); returns it. */
export async function untilTrue(what, probe, patience = 20_000) {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${patience} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
