"""The WebSocket and the event stream."""

import json

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from .conftest import identity


def test_websocket_echoes_under_the_callers_id(address: str) -> None:
    with connect(f"ws://{address}/api/ws", additional_headers=identity("alice")) as socket:
        for text in ("one", "two"):
            socket.send(text)
            assert json.loads(socket.recv()) == {"user": "alice", "text": text}


def test_websocket_without_a_user_is_refused(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{address}/api/ws"):
        pass
    assert refused.value.response.status_code in (401, 403)


def test_events_are_for_the_caller(client: httpx.Client) -> None:
    answer = client.get("/api/events?count=1", headers=identity("alice"))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == 'event: tick\nid: 1\ndata: {"user": "alice", "tick": 1}\n\n'


def test_the_first_event_does_not_wait_for_the_last(alice: httpx.Client) -> None:
    with alice.stream("GET", "/api/events") as answer:
        assert next(answer.iter_lines()) == "event: tick"
