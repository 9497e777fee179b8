"""Real servers: uvicorn in a thread, Postern as a process. All listen on 127.0.0.1."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn

BINARY = Path(os.environ.get("POSTERN_BINARY") or Path(__file__).parents[2] / "bin" / "postern")
SECRET = "a secret of thirty-two characters or more"
PATIENCE = 60.0  # machines that run tests are busy


def get(url: str, headers: Any = None) -> httpx.Response:
    return send("GET", url, headers)


def send(method: str, url: str, headers: Any = None) -> httpx.Response:
    """Send one request over a connection of its own. Nothing here is encrypted, and to load authorities takes long."""
    return httpx.request(method, url, headers=headers, verify=False)  # noqa: S501


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """Serve an application until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="websockets-sansio", **options)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait(lambda: server.started or not thread.is_alive())
            assert server.started, "the application did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def postern(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Run bin/postern until the end of the block."""
    port, admin_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    environ = {
        "POSTERN_AUTH_SECRET": SECRET,
        "POSTERN_SERVER_LISTEN": f"127.0.0.1:{port}",
        "POSTERN_SERVER_ADMIN_LISTEN": f"127.0.0.1:{admin_port}",
        "POSTERN_SERVER_PUBLIC_URL": url,
        "POSTERN_SERVER_DRAIN_DELAY": "0s",
        "POSTERN_UPSTREAM_URL": "http://127.0.0.1:9",
        "POSTERN_LOG_LEVEL": "warn",
        **settings,
    }
    log = folder / f"postern-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([BINARY, "serve"], env=environ, cwd=folder, stdout=output, stderr=output)
        try:
            wait(lambda: process.poll() is not None or ready(f"http://127.0.0.1:{admin_port}/readyz"))
            assert process.poll() is None, log.read_text()
            yield url
        finally:
            process.terminate()
            process.wait()


def ready(url: str) -> bool:
    try:
        return get(url).status_code == 200
    except httpx.TransportError:
        return False


def wait(until: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
