"""What is opened for an application is closed before its server hears that it has ended."""

import asyncio
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from postern_fastapi import PosternMiddleware, User


class Opened:
    def __init__(self, events: list[str]) -> None:
        self.events = events

    def check(self) -> None: ...

    async def authenticate(self, connection: HTTPConnection) -> User | None: ...

    async def close(self) -> None:
        await asyncio.sleep(0)  # as closing a connection does; a loop that was stopped by now would not come back
        self.events.append("closed")


class Recorder:
    def __init__(self, events: list[str]) -> None:
        self.events = events

    def open(self) -> Opened:
        return Opened(self.events)


@pytest.mark.parametrize("outcome", ["lifespan.shutdown.complete", "lifespan.shutdown.failed"])
def test_closed_before_the_server_hears_of_the_end(outcome: str) -> None:
    events: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        events.append("the application cleaned up")
        await send({"type": outcome})

    asyncio.run(live(PosternMiddleware(application, source=Recorder(events)), events))
    assert events == ["lifespan.startup.complete", "the application cleaned up", "closed", outcome]


def test_closed_where_the_application_breaks() -> None:
    events: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("this application has no lifespan")

    with pytest.raises(RuntimeError, match="no lifespan"):
        asyncio.run(live(PosternMiddleware(application, source=Recorder(events)), events))
    assert events == ["closed"]


async def live(app: PosternMiddleware, events: list[str]) -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        events.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
