"""Streams through a real Postern, whose session is ended from another browser."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect


@pytest.fixture(scope="module")
def room(start: Callable) -> object:
    return start("live")


def cookie(browser: httpx.Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def enter(room: object, browser: httpx.Client, origin: str | None = None) -> ClientConnection:
    return connect(room.url.replace("http", "ws") + "/api/ws", additional_headers=cookie(browser), origin=origin)


def people(lines: Iterator[str]) -> list[str]:
    """The names in the next event."""
    for line in lines:
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream is over")


def test_nobody_enters_without_a_session(room: object) -> None:
    with room.browser() as stranger:
        assert stranger.get("/").status_code == 200
        assert stranger.get("/api/me").status_code == 401
        assert stranger.get("/api/events").status_code == 401
        with pytest.raises(InvalidStatus) as refused:
            enter(room, stranger)
        assert refused.value.response.status_code == 401


def test_another_sites_page_opens_no_socket(room: object) -> None:
    with room.browser() as ada:
        room.sign_up(ada)
        with pytest.raises(InvalidStatus) as refused:
            enter(room, ada, origin="https://elsewhere.example")
        assert refused.value.response.status_code == 403


def test_both_streams_end_with_their_session_and_nobody_elses(room: object) -> None:
    with room.browser() as home, room.browser() as office, room.browser() as friend:
        email, password = room.sign_up(home, "Ada")
        office.post("/api/auth/sign-in/email", json={"email": email, "password": password}).raise_for_status()
        room.sign_up(friend, "Grace")
        with friend.stream("GET", "/api/events") as seen, office.stream("GET", "/api/events") as events:
            names, lines = seen.iter_lines(), events.iter_lines()
            assert people(names) == people(lines) == []
            with enter(room, friend) as grace, enter(room, office) as ada:
                while people(names) != ["Ada", "Grace"]:
                    pass
                ada.send("hello")
                assert json.loads(grace.recv(timeout=60)) == {"name": "Ada", "text": "hello"}

                [other] = [s["id"] for s in home.get("/api/auth/sessions").json()["sessions"] if not s["isCurrent"]]
                home.delete(f"/api/auth/sessions/{other}").raise_for_status()

                with pytest.raises(ConnectionClosedError) as closed:
                    while True:
                        ada.recv(timeout=60)
                assert closed.value.rcvd.code == 1008
                with pytest.raises(httpx.RemoteProtocolError):  # cut off, so that it does not look complete
                    for _ in lines:
                        pass
                assert office.get("/api/events").status_code == 401

                while people(names) != ["Grace"]:
                    pass
                grace.send("still here")
                assert json.loads(grace.recv(timeout=60)) == {"name": "Grace", "text": "still here"}
