"""The connection to the database that DATABASE_URL names, for Postern and for the application."""

import os

from sqlalchemy import URL, make_url


def database_url() -> URL:
    """The address as Postern and libpq write it, for asyncpg."""
    text = os.environ.get("DATABASE_URL", "")
    if not text.startswith(("postgres://", "postgresql://")):
        raise SystemExit("DATABASE_URL must name the PostgreSQL database that is shared with Postern: postgres://user:password@host/name")
    url = make_url(text.replace("postgres://", "postgresql://", 1))
    query = dict(url.query)
    query.pop("channel_binding", None)  # libpq only
    if sslmode := query.pop("sslmode", None):
        query["ssl"] = sslmode
    return url.set(drivername="postgresql+asyncpg", query=query)
