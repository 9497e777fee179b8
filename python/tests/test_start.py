"""An application that would believe everybody does not start. Nothing here ever listens on an address that others can reach."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from postern_fastapi import PosternMiddleware, TrustedHeaders
from postern_fastapi.source import Source

PROGRAM = """
from fastapi import FastAPI
from postern_fastapi import PosternMiddleware

app = FastAPI()
app.add_middleware(PosternMiddleware)

if __name__ == "__main__":
    import sys, uvicorn
    uvicorn.run(app, host=sys.argv[1], port=0)
"""


def start(folder: Path, *command: str) -> str:
    """Run a program that is expected not to start, and return what it says."""
    (folder / "program.py").write_text(PROGRAM)
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "Application startup failed" in ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_uvicorn_is_not_let_listen_to_everybody(tmp_path: Path) -> None:
    said = start(tmp_path, "-m", "uvicorn", "program:app", "--port", "0", "--host", "0.0.0.0")
    assert "the application listens on 0.0.0.0" in said
    for remedy in ("127.0.0.1", "--uds", "FASTAPI_POSTERN_TRUST_HEADERS_FROM", "FASTAPI_POSTERN_MODE=assertion"):
        assert remedy in said


def test_neither_is_a_program_that_runs_uvicorn(tmp_path: Path) -> None:
    assert "the application listens on 0.0.0.0" in start(tmp_path, "program.py", "0.0.0.0")


def said(caplog: pytest.LogCaptureFixture, source: Source | None, **options: Any) -> str:
    """Run uvicorn here, and return why it did not start."""
    app = FastAPI()
    app.add_middleware(PosternMiddleware, source=source)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", port=0, **options))
    server.should_exit = True  # should it start after all
    with pytest.raises(SystemExit):
        server.run()
    assert not server.started
    return caplog.text


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "", "example.com", "127.0.0.1.example.com"])
def test_no_address_is_taken_for_a_local_one(caplog: pytest.LogCaptureFixture, host: str) -> None:
    assert f"the application listens on {host or 'all addresses'}, where others" in said(caplog, TrustedHeaders(), host=host)


@pytest.mark.parametrize("everybody", ["*", ["127.0.0.1", "*"]])
def test_networks_cannot_be_told_by_addresses_that_anybody_may_claim(caplog: pytest.LogCaptureFixture, everybody: Any) -> None:
    source = TrustedHeaders(trust_from=("172.18.0.0/16",))
    assert "--no-proxy-headers" in said(caplog, source, host="127.0.0.1", forwarded_allow_ips=everybody)


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"FASTAPI_POSTERN_MODE": "trust"}, "'trust' is not a mode; choose headers, assertion or database"),
        ({"FASTAPI_POSTERN_MODE": "assertion"}, "POSTERN_SERVER_PUBLIC_URL: is not set"),
        ({"FASTAPI_POSTERN_MODE": "database"}, "POSTERN_AUTH_SECRET: has 0 characters"),
        ({"FASTAPI_POSTERN_MODE": "database", "POSTERN_AUTH_SECRET_FILE": "/nowhere"}, "POSTERN_AUTH_SECRET_FILE: cannot be read"),
        ({"FASTAPI_POSTERN_MODE": "assertion", "FASTAPI_POSTERN_REFUSE_REPLAYS": "maybe"}, "neither true nor false"),
        ({"FASTAPI_POSTERN_TRUST_HEADERS_FROM": "everybody"}, "'everybody' is neither an address nor a network"),
    ],
)
def test_settings_that_cannot_be_start_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, environ: dict[str, str], reason: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert reason in said(caplog, None, host="127.0.0.1")


@pytest.mark.parametrize(("host", "starts"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_sockets_that_were_opened_before_are_looked_at(host: str, starts: bool) -> None:
    """As by gunicorn, and by uvicorn with several workers or --reload."""
    app = FastAPI()
    app.add_middleware(PosternMiddleware, source=TrustedHeaders())
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on", ws="none"))

    class Bound(socket.socket):
        def listen(self, *_: int) -> None:
            if starts:
                super().listen()
            else:
                raise AssertionError("the application was let listen")

    with Bound() as opened:
        opened.bind((host, 0))
        if starts:
            server.should_exit = True
            server.run(sockets=[opened])
            assert server.started
        else:
            with pytest.raises(SystemExit):
                server.run(sockets=[opened])
            assert not server.started
