"""Identity headers: how they are read, and from whom."""

import asyncio
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from postern_fastapi import ConfigurationError, TrustedHeaders, User
from postern_fastapi.errors import Refusal
from postern_fastapi.headers import decode

from .applications import application
from .servers import get, served, wait

ADA = {
    "X-Postern-User-Id": "user-ada",
    "X-Postern-User-Email": "ada@example.com",
    "X-Postern-User-Email-Verified": "true",
    "X-Postern-User-Name": "100%25 Zo%C3%AB",
    "X-Postern-User-Roles": "user,admin",
    "X-Postern-Session-Id": "session-ada",
}


def ask(app: ASGIApp, headers: Any, path: str = "/me") -> httpx.Response:
    with served(app) as url:
        return get(url + path, headers=headers)


def test_every_field_is_read() -> None:
    assert ask(application(TrustedHeaders()), ADA).json() == {
        "id": "user-ada",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "100% Zoë",
        "roles": ["user", "admin"],
        "session": {"id": "session-ada", "created_at": None, "expires_at": None},
    }


def test_what_is_not_sent_is_empty() -> None:
    user = ask(application(TrustedHeaders()), {"X-Postern-User-Id": "ada"}).json()
    assert (user["email"], user["email_verified"], user["name"], user["roles"], user["session"]["id"]) == ("", False, "", [], "")


def test_headers_may_have_other_names() -> None:
    source = TrustedHeaders(names={"user_id": "X-Uid"})
    assert ask(application(source), {"X-Uid": "ada", "X-Postern-User-Id": "mallory"}).json()["id"] == "ada"
    with pytest.raises(ConfigurationError, match="user_ident: no such field"):
        TrustedHeaders(names={"user_ident": "X-Uid"}).open()


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Postern-User-Id", "ada"), ("X-Postern-User-Id", "ada")],
        [("X-Postern-User-Id", "ada"), ("x-postern-user-id", "grace")],
        [("X-Postern-User-Id", "ada"), ("X-Postern-User-Roles", "user"), ("X-Postern-User-Roles", "admin")],
        [("X-Postern-User-Id", "ada"), ("X-Postern-User-Name", "100%")],
        [("X-Postern-User-Id", b"ad\xc3\xa4")],
        [("X-Postern-User-Id", "%FF")],
    ],
)
def test_what_postern_does_not_send_is_refused(headers: list[tuple[Any, Any]]) -> None:
    answer = ask(application(TrustedHeaders()), headers, "/maybe")
    assert (answer.status_code, answer.json()["detail"]["code"]) == (401, "UNAUTHORIZED")


def test_another_spelling_is_another_header() -> None:
    assert ask(application(TrustedHeaders()), {"X_Postern_User_Id": "mallory"}, "/maybe").json() is None


def test_an_empty_id_is_nobody() -> None:
    assert ask(application(TrustedHeaders()), {"X-Postern-User-Id": ""}, "/maybe").json() is None


@pytest.mark.parametrize("text", ["Zoë", " x ", "100%", "a\r\nb", "\x00", "👩‍💻", "plain", ""])
def test_decoding_undoes_the_encoding_of_postern(text: str) -> None:
    def encoded(value: bytes) -> bytes:
        return b"".join(bytes([c]) if 0x21 <= c <= 0x7E and c != 0x25 else b"%%%02X" % c for c in value)

    assert decode(encoded(text.encode())) == text


@pytest.mark.parametrize(
    ("trusted", "server", "client", "believed"),
    [
        ((), ("127.0.0.1", 80), ("127.0.0.1", 1), True),
        ((), ("127.0.0.1", 80), ("203.0.113.9", 1), True),  # uvicorn shows whom X-Forwarded-For names
        ((), ("127.8.9.1", 80), None, True),
        ((), ("::1", 80), ("::1", 1), True),
        ((), ("/run/app.sock", None), None, True),
        ((), ("10.0.0.5", 80), ("127.0.0.1", 1), False),  # whom X-Forwarded-For names may be anybody's word
        ((), ("10.0.0.5", 80), ("10.0.0.9", 1), False),
        ((), ("203.0.113.5", 80), ("203.0.113.9", 1), False),
        ((), ("localhost", 80), ("127.0.0.1", 1), False),  # a name from the Host header, as adapters put it there
        ((), ("testserver", 80), ("testclient", 1), False),
        ((), None, ("127.0.0.1", 1), False),
        (("10.0.0.9",), ("10.0.0.5", 80), ("10.0.0.9", 1), True),
        (("10.0.0.0/24",), ("10.0.0.5", 80), ("10.0.0.9", 1), True),
        (("10.0.0.0/24",), ("10.0.0.5", 80), ("::ffff:10.0.0.9", 1), True),
        (("10.0.0.0/24",), ("10.0.0.5", 80), ("10.0.1.9", 1), False),
        (("10.0.0.0/24", "fd00::/8"), ("fd00::5", 80), ("fd00::9%eth0", 1), True),
        (("10.0.0.0/24",), ("10.0.0.5", 80), None, False),
        (("10.0.0.0/24",), ("10.0.0.5", 80), ("somebody", 1), False),
        (("10.0.0.0/24",), ("127.0.0.1", 80), ("127.0.0.1", 1), True),
    ],
)
def test_headers_are_believed_of_whom_they_can_be(
    trusted: tuple[str, ...], server: tuple[str, int | None] | None, client: tuple[str, int] | None, believed: bool
) -> None:
    scope = {"type": "http", "server": server, "client": client, "headers": [(b"x-postern-user-id", b"ada")]}
    looked = TrustedHeaders(trust_from=trusted).open().authenticate(HTTPConnection(scope))
    if believed:
        assert asyncio.run(looked) == User(id="ada")
    else:
        with pytest.raises(Refusal, match="Identity headers are not accepted from this address") as refused:
            asyncio.run(looked)
        assert refused.value.status == 401


def test_a_stranger_is_a_stranger_everywhere() -> None:
    scope = {"type": "http", "server": ("203.0.113.5", 80), "client": ("203.0.113.9", 1), "headers": []}
    assert asyncio.run(TrustedHeaders().open().authenticate(HTTPConnection(scope))) is None


@pytest.mark.parametrize(
    ("network", "said"), [("0.0.0.0/0", "is everybody"), ("::/0", "is everybody"), ("10.0.0.0/33", "neither"), ("*", "neither")]
)
def test_networks_that_tell_nobody_apart_are_refused(network: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        TrustedHeaders(trust_from=(network,)).open()


def test_a_unix_socket_is_believed(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    server = uvicorn.Server(uvicorn.Config(application(TrustedHeaders()), uds=path, log_level="warning", ws="none"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        wait(lambda: server.started)
        with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
            assert client.get("http://app/me", headers=ADA).json()["id"] == "user-ada"
    finally:
        server.should_exit = True
        thread.join()
