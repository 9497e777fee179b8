"""Alembic's environment: the application's own tables, and only those.

The auth tables are in the same database and belong to Postern (`postern
migrate`). Two things keep the two apart:

- The version table has a name of its own, so that nothing else in the database
  can take it for theirs.
- own_tables shows autogenerate nothing but tables that have a model here.
  Without it, "alembic revision --autogenerate" would propose to drop "user",
  "session", "account" and "verification", which have none.

The price: a table whose model is deleted is no longer seen either, and its
"drop table" is written by hand.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.database import database_url
from app.models import Base

url = context.config.attributes.get("url") or database_url()


def own_tables(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    if kind == "schema":
        return name is None  # the default schema: never "postern", nor anyone else's
    if kind == "table":
        return name in Base.metadata.tables
    return True  # columns and indexes, which are asked about for the tables above only


OPTIONS = {
    "target_metadata": Base.metadata,
    "version_table": "tasks_alembic_version",
    "include_name": own_tables,
    "render_as_batch": True,  # SQLite cannot alter a column in place
}


def run(connection: Connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_online())
