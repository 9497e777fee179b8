"""Looking sessions up agrees with Postern, on sessions and credentials in every state.

Postern is asked by a request through it, to an application that shows whom Postern told it of. The same request then
goes to an application that looks into the same database. What is expected stands beside each case, so that both being
wrong is found as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from postern_fastapi import TrustedHeaders
from postern_fastapi.database import SessionDatabase

from .applications import application
from .databases import KINDS, POSTGRES, Database, fresh
from .people import NOW, bearer, cookie, insert, session_row, sign, user_row
from .servers import SECRET, postern, served

PREVIOUS = "an older secret that has been replaced since"
STRANGE = "a secret of somebody else and another server"

HOUR = timedelta(hours=1)
USERS = [
    user_row("ada"),
    user_row("grace", role="admin", emailVerified=False),
    user_row("edsger", role="user, admin , ,staff", name="Edsger “Wybe” 👩‍💻"),
    user_row("banned", banned=True),
    user_row("banned-a-while", banned=True, banExpires=NOW + HOUR),
    user_row("banned-once", banned=True, banExpires=NOW - HOUR),
    user_row("pardoned", banned=False, banExpires=NOW + HOUR),
    user_row("deleted"),
    user_row("renamed", email="new@example.com", name="100% 'quoted' \"name\""),
]
SESSIONS = [
    *(session_row(name, name) for name in (user["id"].removeprefix("user-") for user in USERS) if name != "deleted"),
    session_row("gone", "deleted"),
    session_row("expired", "ada", -HOUR),
    session_row("just-expired", "ada", -timedelta(milliseconds=1)),
    session_row("ending", "ada", timedelta(minutes=10)),
    session_row("due", "ada", timedelta(days=1)),  # for renewal, which Postern does on the way
    session_row("for-years", "ada", timedelta(days=3650)),
    session_row("revoked", "ada"),
    session_row("second", "ada"),
    session_row("expired-of-banned", "banned", -HOUR),
    session_row("long-token", "ada", token="t" * 256),
    session_row("too-long-token", "ada", token="u" * 257),
    session_row("odd-token", "ada", token="a token, with blanks"),
    session_row("dotted-token", "ada", token="with.dots.inside"),
]
TOKENS = {row["id"].removeprefix("session-"): row["token"] for row in SESSIONS}
ADA = TOKENS["ada"]
NAME = "better-auth.session_token"


@dataclass(frozen=True)
class Case:
    name: str
    headers: list[tuple[str, str]]
    session: str | None  # that is found, or nobody
    unsigned: bool = False  # refused where signatures are required


def case(name: str, headers: dict[str, str] | list[tuple[str, str]], session: str | None, unsigned: bool = False) -> Case:
    return Case(name, list(headers.items()) if isinstance(headers, dict) else headers, session, unsigned)


def every_state() -> Iterator[Case]:
    """Each session by cookie and as a signed bearer token: 42 cases."""
    dead = {"banned", "banned-a-while", "gone", "expired", "just-expired", "revoked", "expired-of-banned"}
    for name, token in TOKENS.items():
        found = None if name in dead else name
        yield case(f"{name}, cookie", cookie(token), found)
        yield case(f"{name}, signed", bearer(sign(token)), found)


CASES = [
    *every_state(),
    case("nothing", {}, None),
    case("plain", bearer(ADA), "ada", unsigned=True),
    case("plain, expired", bearer(TOKENS["expired"]), None),
    case("plain, banned", bearer(TOKENS["banned"]), None),
    case("plain, deleted", bearer(TOKENS["gone"]), None),
    case("plain, as long as can be", bearer("t" * 256), "long-token", unsigned=True),
    case("plain, too long", bearer("u" * 257), None),
    case("plain, not a token", bearer("a token, with blanks"), None),
    case("plain, unknown", bearer("n" * 32), None),
    case("plain, truncated", bearer(ADA[:-1]), None),
    case("plain, case changed", bearer(ADA.upper()), None),
    case("signed and encoded", bearer(quote(sign(ADA), safe="")), "ada"),
    case("signed and encoded in part", bearer(sign(ADA).replace("=", "%3d")), "ada"),
    case("signed and encoded twice", bearer(quote(quote(sign(ADA), safe=""), safe="")), None),
    case("signed, malformed escape", bearer(sign(ADA) + "%"), None),
    case("signed, truncated", bearer(sign(ADA)[:-1]), None),
    case("signed, without padding", bearer(sign(ADA).rstrip("=")), None),
    case("signed, other spelling of the same bytes", bearer(sign(ADA)[:-2] + chr(ord(sign(ADA)[-2]) + 1) + "="), None),
    case("signed, other token", bearer(TOKENS["second"] + "." + sign(ADA).rpartition(".")[2]), None),
    case("signed, wrong", bearer(ADA + "." + "A" * 43 + "="), None),
    case("signed, empty signature", bearer(ADA + "."), None),
    case("signature alone", bearer("." + sign(ADA).rpartition(".")[2]), None),
    case("signed empty", bearer(sign("")), None),
    case("signed by the previous secret", bearer(sign(ADA, PREVIOUS)), "ada"),
    case("signed by another secret", bearer(sign(ADA, STRANGE)), None),
    case("signed, unknown token", bearer(sign("n" * 32)), None),
    case("scheme in lower case", {"Authorization": f"bearer {ADA}"}, "ada", unsigned=True),
    case("scheme with more blanks", {"Authorization": f"Bearer   {ADA}"}, "ada", unsigned=True),
    case("no token", {"Authorization": "Bearer"}, None),
    case("other scheme", {"Authorization": f"Token {ADA}"}, None),
    case("Basic beside a cookie", {"Authorization": "Basic eDp5", **cookie(ADA)}, "ada"),
    case("bearer before cookie", {**bearer(sign(TOKENS["second"])), **cookie(ADA)}, "second"),
    case("wrongly signed bearer, then cookie", {**bearer(ADA + "." + "A" * 43 + "="), **cookie(ADA)}, "ada"),
    case("unknown bearer is not replaced by the cookie", {**bearer(sign("n" * 32)), **cookie(ADA)}, None),
    case("bearer of an application's own", {**bearer("eyJhbGciOiJub25lIn0.e30."), **cookie(ADA)}, "ada"),
    case("two Authorization lines", [("Authorization", "Bearer x.y"), ("Authorization", f"Bearer {sign(ADA)}")], "ada"),
    case("cookie, previous secret", cookie(ADA, secret=PREVIOUS), "ada"),
    case("cookie, other secret", cookie(ADA, secret=STRANGE), None),
    case("cookie, unsigned", {"Cookie": f"{NAME}={ADA}"}, None),
    case("cookie, not encoded", {"Cookie": f"{NAME}={sign(ADA)}"}, "ada"),
    case("cookie, in quotes", {"Cookie": f'{NAME}="{sign(ADA)}"'}, "ada"),
    case("cookie, half a quote", {"Cookie": f'{NAME}="{sign(ADA)}'}, None),
    case("cookie, truncated", {"Cookie": f"{NAME}={quote(sign(ADA), safe='')[:-3]}"}, None),
    case("cookie, other name", cookie(ADA, "better-auth.session_tokens"), None),
    case("cookie, secure name", cookie(ADA, "__Secure-" + NAME), None),
    case("cookie, name in capitals", cookie(ADA, NAME.upper()), None),
    case("cookie, planted before", {"Cookie": f"{NAME}=planted.{'A' * 43}=; other=1; {cookie(ADA)['Cookie']}"}, "ada"),
    case("cookie, eight planted before", {"Cookie": f"{NAME}=x; " * 8 + cookie(ADA)["Cookie"]}, None),
    case("cookie, on its own line", [("Cookie", "other=1"), ("Cookie", cookie(ADA)["Cookie"])], "ada"),
    case("cookie, blanks around", {"Cookie": f"a=b ;\t{NAME} = {sign(ADA)} ; c"}, "ada"),
]


@dataclass(frozen=True)
class Pair:
    """Postern, and the application that does without."""

    postern: str
    direct: str
    signatures: bool  # are required
    cookie: str = NAME


def fill(
    database: Database, prefix: str = "", tables: tuple[str, str] = ("user", "session"), columns: dict[str, str] | None = None
) -> None:
    insert(database, f'{prefix}"{tables[0]}"', USERS, columns)
    insert(database, f'{prefix}"{tables[1]}"', SESSIONS, columns)
    # In SQLite, where nothing cascades for who does not ask for it, the session of the deleted user stays.
    database.execute(f"""DELETE FROM {prefix}"{tables[1]}" WHERE id = 'session-revoked'""")
    database.execute(f"""DELETE FROM {prefix}"{tables[0]}" WHERE id = 'user-deleted'""")


ADMIN_COLUMNS = {"role": "text", "banned": "boolean", "banExpires": "timestamptz"}


@pytest.fixture(scope="module", params=[*KINDS, *(["renamed"] if POSTGRES else [])])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("agreement")
    renamed = request.param == "renamed"
    kind = "postgres" if renamed else request.param
    with fresh(kind, folder) as database, served(application(TrustedHeaders())) as behind:
        settings: dict[str, str] = {
            **database.settings,
            "POSTERN_UPSTREAM_URL": behind,
            "POSTERN_DEFAULT_AUTH": "optional",
            "POSTERN_AUTH_PREVIOUS_SECRETS": PREVIOUS,
            "POSTERN_SESSION_CACHE_SIZE": "0",
        }
        direct: dict[str, Any] = {"url": database.url, "secret": SECRET, "previous_secrets": (PREVIOUS,)}
        if renamed:
            settings |= {
                "POSTERN_DATABASE_SCHEMA": '{"base": "prisma-snake", "user": {"table": "the \\"members\\"", "columns": {"email": "mail"}}}',
                "POSTERN_DATABASE_TABLES_IN": "Auth :Tables",
                "POSTERN_AUTH_BEARER_REQUIRE_SIGNATURE": "true",
                "POSTERN_AUTH_COOKIE_PREFIX": "acme",
            }
            direct |= {
                "schema": settings["POSTERN_DATABASE_SCHEMA"],
                "tables_in": settings["POSTERN_DATABASE_TABLES_IN"],
                "require_signature": True,
                "cookie": "acme.session_token",
            }
        with postern(folder, settings):
            pass  # makes the tables
        prefix, tables, columns = "", ("user", "session"), None
        if renamed:
            prefix, tables = '"Auth \\:Tables".', ('the ""members""', "user_sessions")
            snake = {"emailVerified": "email_verified", "createdAt": "created_at", "updatedAt": "updated_at", "expiresAt": "expires_at"}
            columns = {**snake, "userId": "user_id", "banExpires": "ban_expires", "email": "mail"}
        for name, sort in ADMIN_COLUMNS.items():  # those of better-auth's admin plugin
            if kind == "postgres" or name != "banExpires":
                database.execute(f'ALTER TABLE {prefix}"{tables[0]}" ADD COLUMN "{(columns or {}).get(name, name)}" {sort}')
            else:
                database.execute(f'ALTER TABLE "user" ADD COLUMN "{name}" date')
        fill(database, prefix, tables, columns)
        source = SessionDatabase(**direct)
        with postern(folder, settings) as front, served(application(source)) as alone:
            yield Pair(front, alone, renamed, "acme.session_token" if renamed else NAME)


def ask(client: httpx.Client, url: str, headers: list[tuple[str, str]]) -> Any:
    answer = client.get(url + "/maybe", headers=headers)
    client.cookies.clear()  # of a renewal
    assert answer.status_code == 200, answer.text
    user = answer.json()
    if user is not None:
        user["session"] = user["session"]["id"]
    return user


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_both_see_the_same_user(pair: Pair, client: httpx.Client, one: Case) -> None:
    headers = [(name, value.replace(NAME, pair.cookie)) for name, value in one.headers]
    by_postern, by_database = ask(client, pair.postern, headers), ask(client, pair.direct, headers)
    assert by_database == by_postern
    found = by_postern and by_postern["session"].removeprefix("session-")
    assert found == (None if one.unsigned and pair.signatures else one.session)


def test_there_are_fifty_sessions_and_more() -> None:
    assert len({one.name for one in CASES}) == len(CASES) >= 50
