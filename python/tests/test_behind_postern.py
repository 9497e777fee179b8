"""Applications behind a real Postern: one that believes its headers, one that checks its signature."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import starlette
from starlette.types import ASGIApp
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from postern_fastapi import TrustedHeaders
from postern_fastapi.assertion import SignedAssertion

from .applications import application
from .databases import KINDS, fresh
from .people import bearer, cookie, insert, session_row, sign, user_row
from .servers import postern, served

USERS = [
    user_row("ada", role="user,admin", name="100% Zoë “Ada” 👩‍💻"),
    user_row("grace", emailVerified=False),
    user_row("banned", banned=True),
]
SESSIONS = [session_row(name, name) for name in ("ada", "grace", "banned")] + [session_row("expired", "ada", -timedelta(hours=1))]
TOKENS = {row["id"].removeprefix("session-"): sign(row["token"]) for row in SESSIONS}
ADA = bearer(TOKENS["ada"])
MODES = ["headers", "assertion"]


@dataclass(frozen=True)
class Stack:
    postern: str
    once: str  # another, which makes an assertion for each request
    direct: dict[str, str]  # each application, as somebody reaches it who goes around Postern


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    asserted, foreign, below, replayed = late(), late(), late(), late()
    with (
        fresh(KINDS[-1], folder) as database,
        served(application(TrustedHeaders())) as headers,
        served(asserted) as assertion,
        served(foreign) as other,
        served(replayed) as once,
        served(below, root_path="/v1") as rooted,
    ):
        routes = [f"{{path: /{name}/**, upstream: '{url}', strip_prefix: /{name}, auth: optional}}" for name, url in
                  [("headers", headers), ("assertion", assertion), ("other", other), ("v1", rooted), ("once", once)]]  # fmt: skip
        settings = {**database.settings, "POSTERN_ROUTES": f"[{', '.join(routes)}]"}
        with postern(folder, settings):
            pass  # makes the tables
        for name, sort in {"role": "text", "banned": "boolean"}.items():
            database.execute(f'ALTER TABLE "user" ADD COLUMN "{name}" {sort}')
        insert(database, '"user"', [{key: value for key, value in user.items() if key != "banExpires"} for user in USERS])
        insert(database, "session", SESSIONS)
        single = {**settings, "POSTERN_IDENTITY_ASSERTION_SINGLE_USE": "true"}
        with postern(folder, settings) as front, postern(folder, single) as front_once:
            asserted.app = application(SignedAssertion(issuer=front))
            foreign.app = application(SignedAssertion(issuer=front, audience="another application"))
            below.app = application(SignedAssertion(issuer=front))
            replayed.app = application(SignedAssertion(issuer=front_once, refuse_replays=True))
            direct = {"headers": headers, "assertion": assertion, "other": other, "v1": rooted, "once": once}
            yield Stack(front, front_once, direct)


class late:  # noqa: N801
    """An application whose settings are known after Postern's are, which needs to know where it is."""

    app: ASGIApp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await self.app(scope, receive, send)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("credential", [ADA, cookie(SESSIONS[0]["token"])], ids=["bearer", "cookie"])
def test_the_application_knows_who_is_calling(stack: Stack, client: httpx.Client, mode: str, credential: dict[str, str]) -> None:
    answer = client.get(f"{stack.postern}/{mode}/me", headers=credential)
    assert answer.json() == {
        "id": "user-ada",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "100% Zoë “Ada” 👩‍💻",
        "roles": ["user", "admin"],
        "session": {"id": "session-ada", "created_at": None, "expires_at": None},
    }


@pytest.mark.parametrize("mode", MODES)
def test_strangers_and_dead_sessions_are_refused(stack: Stack, client: httpx.Client, mode: str) -> None:
    for headers in ({}, bearer(TOKENS["expired"]), bearer(TOKENS["banned"])):
        answer = client.get(f"{stack.postern}/{mode}/me", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json() == {"detail": {"code": "UNAUTHORIZED", "message": "Sign in to use this resource"}}
        assert client.get(f"{stack.postern}/{mode}/maybe", headers=headers).json() is None


@pytest.mark.parametrize("mode", MODES)
def test_roles_and_verified_addresses_are_asked_for(stack: Stack, client: httpx.Client, mode: str) -> None:
    grace = bearer(TOKENS["grace"])
    assert client.get(f"{stack.postern}/{mode}/admin", headers=ADA).json() == "user-ada"
    assert client.get(f"{stack.postern}/{mode}/verified", headers=ADA).json() == "user-ada"
    for path, code in {"admin": "FORBIDDEN", "verified": "EMAIL_NOT_VERIFIED"}.items():
        answer = client.get(f"{stack.postern}/{mode}/{path}", headers=grace)
        assert (answer.status_code, answer.json()["detail"]["code"]) == (403, code)
        assert client.get(f"{stack.postern}/{mode}/{path}").status_code == 401


@pytest.mark.parametrize("mode", MODES)
def test_what_a_client_forges_never_arrives(stack: Stack, client: httpx.Client, mode: str) -> None:
    forged = {"X-Postern-User-Id": "mallory", "X_Postern_User_Id": "mallory", **overheard(stack, client)}
    assert client.get(f"{stack.postern}/{mode}/me", headers=forged).status_code == 401
    assert client.get(f"{stack.postern}/{mode}/me", headers={**forged, **ADA}).json()["id"] == "user-ada"


@pytest.mark.parametrize("mode", MODES)
def test_websockets_know_their_caller(stack: Stack, mode: str) -> None:
    url = stack.postern.replace("http", "ws") + f"/{mode}/ws"
    with connect(url, additional_headers=ADA) as socket:
        assert socket.recv() == "user-ada"
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    assert refused.value.response.status_code == 403


PATHS = ["tasks/a%20b", "tasks/%C3%A9", "tasks/a+b?x=%2F&y", "tasks/~%7E", "tasks/a%25b", "tasks/a:b@c,d", "tasks/"]


# uvicorn puts its --root-path before the path, as ASGI says now; older Starlettes do not take it off again.
FINDS_ROUTES_BELOW_A_ROOT = tuple(map(int, starlette.__version__.split(".")[:2])) >= (0, 35)
below = pytest.param("v1", marks=pytest.mark.skipif(not FINDS_ROUTES_BELOW_A_ROOT, reason="finds no route below a root path"))


@pytest.mark.parametrize("mode", ["assertion", below])
@pytest.mark.parametrize("path", PATHS)
def test_assertions_hold_for_the_path_as_it_came(stack: Stack, client: httpx.Client, mode: str, path: str) -> None:
    answer = client.get(f"{stack.postern}/{mode}/{path}", headers=ADA)
    assert (answer.status_code, answer.json().get("user")) == (200, "user-ada")


def overheard(stack: Stack, client: httpx.Client) -> dict[str, str]:
    """Return what Postern sends to an application for GET /received in Ada's name."""
    return {"X-Postern-Assertion": dict(client.get(f"{stack.postern}/assertion/received", headers=ADA).json())["x-postern-assertion"]}


def test_around_postern_headers_open_nothing(stack: Stack, client: httpx.Client) -> None:
    forged = {"X-Postern-User-Id": "user-ada", "X-Postern-User-Email": "ada@example.com"}
    assert client.get(stack.direct["assertion"] + "/maybe", headers=forged).json() is None
    assert client.get(stack.direct["assertion"] + "/me", headers=forged).status_code == 401


def test_an_assertion_is_of_no_use_for_another_request(stack: Stack, client: httpx.Client) -> None:
    heard, app = overheard(stack, client), stack.direct["assertion"]
    for method, path in [("GET", "/me"), ("GET", "/maybe"), ("POST", "/me"), ("GET", "/tasks/received"), ("GET", "/admin")]:
        answer = client.request(method, app + path, headers=heard)
        assert (answer.status_code, answer.json()["detail"]["code"]) == (401, "UNAUTHORIZED"), (method, path)


def test_an_assertion_is_of_no_use_for_another_method(stack: Stack, client: httpx.Client) -> None:
    heard = {"X-Postern-Assertion": client.get(f"{stack.postern}/assertion/whoever", headers=ADA).json()}
    assert client.get(stack.direct["assertion"] + "/whoever", headers=heard).status_code == 200
    assert client.put(stack.direct["assertion"] + "/whoever", headers=heard).status_code == 401


def test_where_each_is_for_one_use_not_even_the_same_request_can_be_made_again(stack: Stack, client: httpx.Client) -> None:
    for _ in range(2):
        heard = {"X-Postern-Assertion": client.get(f"{stack.once}/once/whoever", headers=ADA).json()}
        assert client.get(stack.direct["once"] + "/whoever", headers=heard).status_code == 401


def test_an_assertion_is_of_no_use_to_another_application(stack: Stack, client: httpx.Client) -> None:
    assert client.get(f"{stack.postern}/other/me", headers=ADA).status_code == 401
    assert client.get(f"{stack.postern}/assertion/me", headers=ADA).status_code == 200
