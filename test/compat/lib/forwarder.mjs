// A way to a database that a scenario can cut, for one server alone.

import { createServer, connect } from "node:net";

/** @returns {url, sever(), mend(), stop()}; url leads where the given one leads */
export async function startForwarder(databaseURL) {
  const { hostname, port } = new URL(databaseURL);
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port });
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = (at) => new Promise((resolve, reject) => server.once("error", reject).listen(at, "127.0.0.1", resolve));
  await listen(0);
  const url = new URL(databaseURL);
  const here = server.address().port;
  Object.assign(url, { hostname: "127.0.0.1", port: here });
  const sever = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: url.href, sever, mend: () => listen(here), stop: () => (server.listening ? sever() : undefined) };
}
