"""A real server in front of a real database, for each database there is.

SQLite always; PostgreSQL when POSTERN_TEST_POSTGRES_URL names a server on which
databases may be created, as `make test` arranges.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from uuid import uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.database import driver_url
from app.main import create_app
from app.migrate import migrate

POSTGRES = os.environ.get("POSTERN_TEST_POSTGRES_URL")


def execute(url: URL, *statements: str) -> list[tuple]:
    """Run statements one by one and return the rows of the last."""

    async def run() -> list[tuple]:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        rows: list[tuple] = []
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
                rows = [tuple(row) for row in result] if result.returns_rows else []
        await engine.dispose()
        return rows

    return asyncio.run(run())


@contextmanager
def fresh_postgres(server: str) -> Iterator[URL]:
    admin, name = driver_url(server), f"tasks_{uuid4().hex}"
    execute(admin, f"CREATE DATABASE {name}")
    try:
        yield admin.set(database=name)
    finally:
        execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


DATABASES = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[URL]:
    if kind == "sqlite":
        yield driver_url(f"sqlite+aiosqlite:///{folder}/tasks.db")
        return
    with fresh_postgres(POSTGRES) as url:
        yield url


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """An empty database for one test."""
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(scope="session", params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of the application. One is enough for all tests, since each has users of its own."""
    with empty_database(request.param, tmp_path_factory.mktemp("served")) as url:
        migrate(url)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(url), log_level="warning", timeout_graceful_shutdown=1))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def identity(user_id: str) -> dict[str, str]:
    """The headers Postern sends for a user."""
    return {
        "X-Postern-User-Id": user_id,
        "X-Postern-User-Email": f"{user_id}@example.com",
        "X-Postern-User-Email-Verified": "true",
        "X-Postern-User-Name": user_id.title(),
    }


@contextmanager
def user(address: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{address}", headers=identity(f"{name}-{uuid4().hex}")) as opened:
        yield opened


@pytest.fixture
def alice(address: str) -> Iterator[httpx.Client]:
    with user(address, "alice") as opened:
        yield opened


@pytest.fixture
def bob(address: str) -> Iterator[httpx.Client]:
    with user(address, "bob") as opened:
        yield opened


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Someone who is not signed in."""
    with httpx.Client(base_url=f"http://{address}") as opened:
        yield opened
