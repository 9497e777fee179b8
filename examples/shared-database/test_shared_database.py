"""Alembic and Postern on one PostgreSQL database. Without POSTERN_TEST_POSTGRES_URL there is none: `make example` arranges it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from conftest import POSTERN, wait

SERVER = os.environ.get("POSTERN_TEST_POSTGRES_URL")
HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(not SERVER, reason="POSTERN_TEST_POSTGRES_URL names no PostgreSQL server")


class Database:
    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, statement: str) -> list[tuple]:
        async def run() -> list[tuple]:
            connection = await asyncpg.connect(self.url)
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(run())

    def postern(self, *args: str) -> str:
        ran = subprocess.run([POSTERN, *args], env={"DATABASE_URL": self.url}, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def alembic(self, *args: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, "-m", "alembic", *args], cwd=HERE, env=env, capture_output=True, text=True)

    def succeeds(self, *args: str) -> str:
        ran = self.alembic(*args)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr


@pytest.fixture
def database() -> Iterator[Database]:
    """An empty one."""
    server, name = Database(SERVER), f"notes_{uuid4().hex}"
    server.query(f"CREATE DATABASE {name}")
    yield Database(urlsplit(SERVER)._replace(path=f"/{name}").geturl())
    server.query(f"DROP DATABASE {name} WITH (FORCE)")


# Everything of everybody in the database, but for the application's: tables with columns, indexes, constraints.
THEIRS = """
SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
WHERE table_schema IN ('public', 'postern') AND table_name NOT LIKE 'notes%'
UNION ALL SELECT schemaname, tablename, indexname, indexdef, '', '' FROM pg_indexes
WHERE schemaname IN ('public', 'postern') AND tablename NOT LIKE 'notes%'
UNION ALL SELECT event_object_schema, event_object_table, trigger_name, action_statement, '', '' FROM information_schema.triggers
ORDER BY 1, 2, 3, 4"""


def test_each_side_leaves_the_others_tables_alone(database: Database) -> None:
    database.postern("migrate", "up")
    before = database.query(THEIRS)
    assert len(before) > 50
    database.succeeds("upgrade", "head")
    assert "No new upgrade operations detected" in database.succeeds("check")
    assert database.query(THEIRS) == before

    database.postern("migrate", "up")
    assert "missing" not in database.postern("migrate", "status")
    assert "No new upgrade operations detected" in database.succeeds("check")

    database.succeeds("downgrade", "base")
    assert database.query(THEIRS) == before
    assert database.query("SELECT count(*) FROM information_schema.tables WHERE table_name = 'notes'") == [(0,)]


def test_autogenerate_sees_the_applications_own_changes_and_no_others(database: Database) -> None:
    database.postern("migrate", "up")
    database.succeeds("upgrade", "head")
    for change in (
        "ALTER TABLE notes ADD COLUMN extra text",
        "ALTER TABLE notes DROP CONSTRAINT fk_notes_user_id",
        'ALTER TABLE "user" ADD COLUMN role text',
        "CREATE TABLE elsewhere (id int)",
    ):
        database.query(change)
    found = database.alembic("check")
    assert found.returncode != 0
    assert "extra" in found.stdout + found.stderr
    assert "add_fk" in found.stdout + found.stderr
    assert "role" not in found.stdout + found.stderr
    assert "elsewhere" not in found.stdout + found.stderr


def test_migrations_in_the_wrong_order_say_so(database: Database) -> None:
    refused = database.alembic("upgrade", "head")
    assert refused.returncode != 0
    assert "run `postern migrate up` on this database first" in refused.stderr
    assert database.query("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [(0,)]


def test_notes_go_when_their_user_goes(database: Database, start: Callable) -> None:
    database.postern("migrate", "up")
    example = start("shared-database", {"DATABASE_URL": database.url, "POSTERN_AUTH_USER_DELETE_USER_VERIFICATION": "false"})
    with example.browser() as ada, example.browser() as grace:
        for browser, name in (ada, "Ada"), (grace, "Grace"):
            email, password = example.sign_up(browser, name)
            assert browser.post("/api/notes", json={"text": f"by {name}"}).status_code == 201
        ada.post("/api/auth/update-user", json={"name": "Countess"}).raise_for_status()
        wait("the new name", lambda: ada.get("/api/notes").json() == [{"id": 1, "text": "by Ada", "by": "Countess"}])

        grace.post("/api/auth/delete-user", json={"password": password}).raise_for_status()
        assert grace.get("/api/notes").status_code == 401
        assert database.query("SELECT text FROM notes") == [("by Ada",)]
