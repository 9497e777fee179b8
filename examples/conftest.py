"""An example as it is run: `postern dev` in front of `python -m app`. bin/postern must be there (make build)."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

EXAMPLES = Path(__file__).parent
POSTERN = EXAMPLES.parent / "bin" / "postern"
PATIENCE = 60.0  # machines that run tests are busy


def wait(what: str, until: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"{what}: still not so"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def running(port: int, log: Path, command: list[str | Path], **options: object) -> Iterator[None]:
    """Run a server on a port until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
        try:
            wait(f"{command[0]} listens", lambda: process.poll() is not None or listens(port))
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            process.wait()


@dataclass
class Example:
    """One that runs: where it is, and people who use it."""

    url: str

    def browser(self) -> httpx.Client:
        """A client with cookies of its own."""
        return httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=PATIENCE)

    def sign_up(self, browser: httpx.Client, name: str = "Ada") -> tuple[str, str]:
        """Sign somebody up and follow the mailed link, so that the browser has a session. Return address and password."""
        email, password = f"{name.lower()}-{uuid4().hex}@example.com", "correct horse battery"
        browser.post("/api/auth/sign-up/email", json={"name": name, "email": email, "password": password}).raise_for_status()
        links: list[str] = []

        def arrived() -> bool:
            letters = browser.get("/dev/mail.json").json()
            links.extend(link for letter in letters if letter["to"] == email for link in letter["links"])
            return bool(links)

        wait(f"a letter to {email}", arrived)
        browser.get(links[0], follow_redirects=True)
        return email, password


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Example]]:
    """Starts an example by the name of its folder; what is started ends with the tests."""
    with ExitStack() as stack:

        def run(name: str, environ: Mapping[str, str] | None = None) -> Example:
            folder = tmp_path_factory.mktemp(name)
            app, public, admin = free_port(), free_port(), free_port()
            env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **(environ or {})}
            stack.enter_context(
                running(app, folder / "app.log", [sys.executable, "-m", "app", "--port", str(app)], cwd=EXAMPLES / name, env=env)
            )
            listen = ["--listen", f"127.0.0.1:{public}", "--admin-listen", f"127.0.0.1:{admin}"]
            command = [POSTERN, "dev", "--upstream", f"http://127.0.0.1:{app}", *listen]
            env = {"PATH": os.environ["PATH"], "POSTERN_RATE_LIMIT_ENABLED": "false", **(environ or {})}
            stack.enter_context(running(public, folder / "postern.log", command, cwd=folder, env=env))
            return Example(f"http://localhost:{public}")

        yield run
