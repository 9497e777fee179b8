"""The connection to the database.

DATABASE_URL is written as everywhere else (postgres://user:password@host/name?sslmode=require)
and may be the very one Postern uses. Without it the tasks are in a SQLite file.
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession

SQLITE_FILE = "sqlite+aiosqlite:///tasks.db"


def database_url() -> URL:
    return driver_url(os.environ.get("DATABASE_URL") or SQLITE_FILE)


def driver_url(text: str) -> URL:
    """Translate libpq's spelling of a PostgreSQL URL into what asyncpg understands."""
    if text.startswith("postgres://"):
        text = text.replace("postgres://", "postgresql://", 1)
    url = make_url(text)
    if url.get_backend_name() != "postgresql":
        return url
    query = dict(url.query)
    query.pop("channel_binding", None)  # libpq only; Neon's URLs carry it
    if sslmode := query.pop("sslmode", None):
        query["ssl"] = sslmode
    return url.set(drivername="postgresql+asyncpg", query=query)


async def session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """One transaction per request: committed when the handler returns, rolled back when it raises."""
    async with connection.app.state.sessions.begin() as opened:
        yield opened


# The function scope commits before the answer is sent, so that a client which
# is told "created" can rely on it.
Session = Annotated[AsyncSession, Depends(session, scope="function")]
