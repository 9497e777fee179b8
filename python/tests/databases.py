"""Databases to run Postern on: SQLite, and PostgreSQL where POSTERN_TEST_POSTGRES_URL names a server."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from postern_fastapi.database import driver_url

POSTGRES = os.environ.get("POSTERN_TEST_POSTGRES_URL", "")
KINDS = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]


@dataclass(frozen=True)
class Database:
    url: str  # as the package takes it
    settings: Mapping[str, str]  # by which Postern uses it

    def execute(self, statement: str, *rows: Mapping[str, Any]) -> None:
        """Run a statement once for each set of values, or once without any."""

        async def run() -> None:
            engine = create_async_engine(driver_url(self.url))
            async with engine.begin() as connection:
                await connection.execute(text(statement), [dict(row) for row in rows] or None)
            await engine.dispose()

        asyncio.run(run())


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        file = folder / "postern.db"
        yield Database(f"sqlite+aiosqlite:///{file}", {"POSTERN_DATABASE_PATH": str(file)})
        return
    name = f"postern_python_{uuid4().hex}"
    plain = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    asyncio.run(administer(f"CREATE DATABASE {name}"))
    try:
        yield Database(plain, {"POSTERN_DATABASE_URL": plain, "POSTERN_DATABASE_AUTO_MIGRATE": "true"})
    finally:
        asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def administer(statement: str) -> None:
    engine = create_async_engine(driver_url(POSTGRES), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
