"""Alembic's environment, in a database that is not the application's alone.

Postern's tables are made and changed by `postern migrate`, and never by Alembic:

- its version table has a name of its own, so that nothing else in the database takes it for theirs;
- own says what Alembic may look at. A table that is marked as Postern's (app/models.py) is known, so that foreign keys can lead to it, and
  neither made nor compared; a table that has no model here is not seen, or autogenerate would propose to drop it.

The price: a table whose model is deleted is no longer seen either, and its "drop table" is written by hand.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.database import database_url
from app.models import POSTERN, Base


def own(thing: object, name: str | None, kind: str, reflected: bool, counterpart: object | None) -> bool:
    """Whether Alembic is to compare this. Columns, indexes and keys are asked about for the tables alone that are."""
    if kind != "table":
        return True
    known = Base.metadata.tables.get(name or "")
    return known is not None and known.info != POSTERN


OPTIONS = {"target_metadata": Base.metadata, "version_table": "notes_alembic_version", "include_object": own}


def run(connection: Connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    engine = create_async_engine(database_url(), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=database_url(), literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_online())
