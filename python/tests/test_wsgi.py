"""A WSGI application that checks assertions, under a real server of the standard library."""

import json
from collections.abc import Iterable, Iterator
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from postern_fastapi.assertion import SignedAssertion
from postern_fastapi.wsgi import PosternWSGI, raw_path

from .servers import get, served
from .test_assertion import ISSUER, Publisher, signed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Handler(WSGIRequestHandler):
    """Tells the path as it came, as gunicorn, Werkzeug and uWSGI do."""

    def get_environ(self) -> "WSGIEnvironment":
        return {**super().get_environ(), "RAW_URI": self.path}

    def log_message(self, *_: object) -> None:
        pass


def whoami(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    user = environ["postern.user"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(user and user.id).encode()]


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with served(Publisher().app()) as keys:
        wrapped = PosternWSGI(whoami, SignedAssertion(issuer=ISSUER, postern_url=keys))
        with make_server("127.0.0.1", 0, wrapped, handler_class=Handler) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def test_the_environ_says_who_is_calling(app: str) -> None:
    assert get(app + "/a%20b?c", headers={"X-Postern-Assertion": signed(path="/a%20b")}).json() == "user-ada"
    assert get(app + "/a%20b").json() is None


@pytest.mark.parametrize("headers", [{"X-Postern-Assertion": signed(path="/b")}, {"X-Postern-Assertion": f"{signed()}, {signed()}"}])
def test_forgeries_are_refused(app: str, headers: dict[str, str]) -> None:
    answer = get(app + "/me", headers=headers)
    assert (answer.status_code, answer.json()["code"], answer.headers["www-authenticate"]) == (401, "UNAUTHORIZED", "Bearer")


def test_a_server_that_does_not_tell_the_path_proves_nothing() -> None:
    assert raw_path({"PATH_INFO": "/me"}) is None
    assert raw_path({"RAW_URI": "http://elsewhere/me"}) is None
    assert raw_path({"REQUEST_URI": "/me?x"}) == "/me"
