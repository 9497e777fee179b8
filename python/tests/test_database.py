"""Sessions looked up in the database: what agreement with Postern does not show."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, event
from sqlalchemy.ext.asyncio import create_async_engine
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from postern_fastapi import ConfigurationError
from postern_fastapi.database import SessionDatabase, driver_url
from postern_fastapi.environ import Environ
from postern_fastapi.moments import moment
from postern_fastapi.origin import Pattern
from postern_fastapi.schema import Schema

from .applications import application
from .databases import KINDS, Database, fresh
from .people import NOW, bearer, cookie, iso, session_row, sign, user_row
from .servers import SECRET, get, send, served

ADA = session_row("ada", "ada")
PLAIN_TABLES = """
CREATE TABLE "user" (id text PRIMARY KEY, name text, email text, "emailVerified" boolean);
CREATE TABLE session (id text PRIMARY KEY, "userId" text, token text UNIQUE, "expiresAt" {time}, "createdAt" {time})
"""


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Tables as better-auth makes them without its admin plugin: no roles, no bans."""
    with fresh(request.param, tmp_path_factory.mktemp("database")) as made:
        for statement in PLAIN_TABLES.format(time="date" if request.param == "sqlite" else "timestamptz").split(";"):
            made.execute(statement)
        user = {key: value for key, value in user_row("ada").items() if key in ("id", "name", "email", "emailVerified")}
        made.execute('INSERT INTO "user" VALUES (:id, :name, :email, :emailVerified)', user)
        stored = {key: iso(value) if request.param == "sqlite" else value for key, value in ADA.items() if key != "updatedAt"}
        made.execute("INSERT INTO session VALUES (:id, :userId, :token, :expiresAt, :createdAt)", stored)
        yield made


@pytest.fixture(scope="module")
def app(database: Database) -> Iterator[str]:
    with served(application(SessionDatabase(url=database.url, secret=SECRET, trusted_origins=("https://app.example.com",)))) as url:
        yield url


def test_the_session_is_told_of_and_has_no_roles(app: str) -> None:
    user = get(app + "/me", headers=cookie(ADA["token"])).json()
    assert (user["id"], user["roles"]) == ("user-ada", [])
    for field, row in {"created_at": "createdAt", "expires_at": "expiresAt"}.items():
        told = moment(user["session"][field])
        assert told is not None
        assert abs(told - ADA[row]) < timedelta(milliseconds=1)


BY_COOKIE = cookie(ADA["token"])


@pytest.mark.parametrize(
    ("method", "headers", "served"),
    [
        ("POST", BY_COOKIE, True),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "same-origin"}, True),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "none"}, True),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "cross-site"}, False),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "same-site"}, False),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}, False),
        ("POST", {**BY_COOKIE, "Sec-Fetch-Site": "cross-site", "Origin": "https://app.example.com"}, True),
        ("POST", {**BY_COOKIE, "Origin": "https://app.example.com"}, True),
        ("POST", {**BY_COOKIE, "Origin": "https://app.example.com.evil.example"}, False),
        ("POST", {**BY_COOKIE, "Origin": "null"}, False),
        ("POST", {**BY_COOKIE, "Origin": "OWN"}, True),
        ("GET", {**BY_COOKIE, "Sec-Fetch-Site": "cross-site"}, True),
        ("POST", {**bearer(sign(ADA["token"])), "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}, True),
    ],
)
def test_other_sites_change_nothing_by_the_cookie(app: str, method: str, headers: dict[str, str], served: bool) -> None:
    answer = send(method, app + "/me", headers={key: value.replace("OWN", app) for key, value in headers.items()})
    assert answer.status_code == (200 if served else 403)
    if not served:
        assert answer.json()["detail"]["code"] == "INVALID_ORIGIN"


@pytest.mark.parametrize(
    ("headers", "opened"),
    [
        (BY_COOKIE, True),
        ({**BY_COOKIE, "Origin": "https://app.example.com"}, True),
        ({**BY_COOKIE, "Origin": "https://evil.example.com"}, False),
        ({**bearer(ADA["token"]), "Origin": "https://evil.example.com"}, True),
        ({}, False),
    ],
)
def test_other_sites_open_no_websocket_by_the_cookie(app: str, headers: dict[str, str], opened: bool) -> None:
    url = app.replace("http", "ws") + "/ws"
    if opened:
        with connect(url, additional_headers=headers) as socket:
            assert socket.recv() == "user-ada"
    else:
        with pytest.raises(InvalidStatus), connect(url, additional_headers=headers):
            pass


@pytest.mark.parametrize(
    ("pattern", "origin", "trusted"),
    [
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "http://a.example.com", False),
        ("https://*.example.com", "https://evil.com/.example.com", False),
        ("*.example.com", "http://a.example.com", True),
        ("*.example.com", "https://example.com.evil.com", False),
        ("http://192.168.*.*", "http://192.168.1.2", True),
        ("http://192.168.*.*", "http://192.168.attacker.com", False),
        ("http://localhost:*", "http://localhost:5173", True),
        ("HTTPS://App.Example.com/", "https://app.example.com", True),
        ("https://app.example.com", "https://appXexample.com", False),
    ],
)
def test_origins_are_compared_as_postern_does(pattern: str, origin: str, trusted: bool) -> None:
    assert Pattern(pattern).matches(origin.lower()) is trusted


def test_a_database_that_is_away_signs_nobody_out(tmp_path: Path) -> None:
    sources = [
        SessionDatabase(url="postgres://127.0.0.1:9/none", secret=SECRET),
        SessionDatabase(url=f"sqlite+aiosqlite:///{tmp_path}/without-tables.db", secret=SECRET),
    ]
    for source in sources:
        with served(application(source)) as url:
            answer = get(url + "/maybe", headers=bearer(ADA["token"]))
            assert (answer.status_code, answer.json()["detail"]["code"], answer.headers["retry-after"]) == (503, "SERVICE_UNAVAILABLE", "5")
            assert get(url + "/maybe").json() is None
            assert get(url + "/open").status_code == 200


def test_a_database_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = SessionDatabase(url=f"postgres://127.0.0.1:{silent.getsockname()[1]}/none", secret=SECRET, query_timeout=0.2)
        with served(application(source)) as url:
            assert get(url + "/me", headers=bearer(ADA["token"])).status_code == 503


def test_an_engine_of_the_application_is_used_and_left_open(database: Database) -> None:
    engine = create_async_engine(driver_url(database.url), poolclass=NullPool)
    disposed: list[Any] = []
    event.listen(engine.sync_engine, "engine_disposed", disposed.append)
    with served(application(SessionDatabase(engine=engine, secret=SECRET))) as url:
        assert get(url + "/me", headers=BY_COOKIE).status_code == 200
    assert not disposed


def test_behind_a_pooler_no_statement_keeps_its_name(database: Database) -> None:
    with served(application(SessionDatabase(url=database.url, secret=SECRET, pooler=True))) as url:
        assert [get(url + "/me", headers=BY_COOKIE).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h:5433/db", "postgresql+asyncpg://u:p@h:5433/db"),
        ("postgresql://u@h/db?sslmode=require&channel_binding=require", "postgresql+asyncpg://u@h/db?ssl=require"),
        ("postgresql+asyncpg://u@h/db", "postgresql+asyncpg://u@h/db"),
        ("sqlite+aiosqlite:///postern.db", "sqlite+aiosqlite:///postern.db"),
    ],
)
def test_addresses_are_translated_for_asyncpg(given: str, used: str) -> None:
    assert driver_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": ""}, "POSTERN_DATABASE_URL: is not set"),
        ({"url": "mysql://h/db"}, "POSTERN_DATABASE_URL"),
        ({"url": "s3cret"}, "POSTERN_DATABASE_URL"),
        ({"secret": "short"}, "POSTERN_AUTH_SECRET: has 5 characters"),
        ({"previous_secrets": ("short",)}, "POSTERN_AUTH_PREVIOUS_SECRETS: has 5 characters"),
        ({"schema": "prisma"}, "'prisma' is not a preset"),
        ({"schema": "{base: better-auth}"}, "write it as JSON"),
        ({"schema": '{"users": {}}'}, "'users' is not a model"),
        ({"schema": '{"user": "users"}'}, "write a table and columns"),
    ],
)
def test_settings_that_cannot_be_are_named_and_tell_no_secret(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        SessionDatabase(**{"url": "postgres://h/db", "secret": SECRET, **settings}).open()
    assert "s3cret" not in str(refused.value)


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(SessionDatabase(url="postgres://u:p4ssword@h/db", secret=SECRET, previous_secrets=("p" * 32,)))
    for secret in ("p4ssword", SECRET, "ppp"):
        assert secret not in shown


def test_the_environment_is_read_under_posterns_own_names(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("one\ntwo\n")
    read = SessionDatabase.from_environ(
        Environ(
            {
                "DATABASE_URL": "postgres://conventional/db",
                "POSTERN_DATABASE_URL": "postgres://own/db",
                "BETTER_AUTH_SECRET": SECRET,
                "POSTERN_AUTH_PREVIOUS_SECRETS_FILE": str(tmp_path / "secrets"),
                "POSTERN_DATABASE_TABLES_IN": "auth",
                "POSTERN_AUTH_BEARER_REQUIRE_SIGNATURE": "true",
                "POSTERN_SERVER_PUBLIC_URL": "https://app.example.com",
                "POSTERN_AUTH_COOKIE_PREFIX": "acme",
                "POSTERN_AUTH_TRUSTED_ORIGINS": "https://a.example.com, https://b.example.com",
                "POSTERN_DATABASE_DIRECT_URL": "postgres://direct/db",
            }
        )
    )
    assert (read.url, read.secret, read.previous_secrets) == ("postgres://own/db", SECRET, ("one", "two"))
    assert (read.tables_in, read.require_signature, read.cookie, read.pooler) == ("auth", True, "__Secure-acme.session_token", True)
    assert read.trusted_origins == ("https://app.example.com", "https://a.example.com", "https://b.example.com")


@pytest.mark.parametrize(
    "text", ["2026-11-24T16:00:00.123Z", "2026-11-24 16:00:00.123456789+00:00", "2026-11-24T17:00:00.123+01:00", 1795536000123]
)
def test_moments_are_read_in_every_form(text: str | int) -> None:
    read = moment(text)
    assert read is not None
    assert read.timestamp() == 1795536000.123
    assert moment(NOW) == NOW.replace(microsecond=NOW.microsecond // 1000 * 1000)


def test_presets_name_columns_as_postern_does() -> None:
    schema = Schema("prisma-snake", 'a"b')
    assert schema.source("session") == '"a""b"."user_sessions"'
    assert schema.column["user", "emailVerified"] == "email_verified"
