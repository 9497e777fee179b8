// Starts a server as a child process and ends it again, by its own handle and nothing else.

import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";

const grace = 10_000;

// What still runs when this process ends, however it ends, has to end with it.
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts a command with exactly this environment; `output()` is what it printed so far, for error messages. */
export function start(command, args, env) {
  const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const printed = [];
  child.stdin.on("error", () => {});
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => printed.push(text));
  }
  children.add(child);
  const exited = once(child, "exit").finally(() => children.delete(child));
  return {
    child,
    output: () => printed.join(""),
    ended: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), grace);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Waits until `probe` returns something; fails when the process ends first or takes too long. */
export async function untilReady(name, running, probe, patience = 60_000) {
  const deadline = Date.now() + patience;
  for (;;) {
    if (running.ended()) throw new Error(`${name} ended at start:\n${running.output()}`);
    const ready = await probe().catch(() => undefined);
    if (ready) return ready;
    if (Date.now() > deadline) throw new Error(`${name} is not ready after ${patience} ms:\n${running.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
