"""A room: who is in it is told by server-sent events, what they say goes over WebSockets.

There is nothing here about sessions. When one ends, Postern ends its streams, and the application sees a client that leaves.

python -m app --port 8000
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from postern_fastapi import CurrentUser, PosternMiddleware

HEARTBEAT = 15.0  # seconds; some proxies close what is silent for a minute


class Room:
    def __init__(self) -> None:
        self._sockets: dict[WebSocket, str] = {}
        self._changes = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def entered(self, socket: WebSocket, name: str) -> AsyncIterator[None]:
        self._sockets[socket] = name
        await self._tell()
        try:
            yield
        finally:
            del self._sockets[socket]
            await self._tell()

    async def say(self, name: str, text: str) -> None:
        message = {"name": name, "text": text}
        # Somebody may be leaving at this moment; that is noticed where their socket is read.
        await asyncio.gather(*(socket.send_json(message) for socket in self._sockets), return_exceptions=True)

    async def people(self) -> AsyncIterator[list[str] | None]:
        """Who is here: now, and whenever that changes. None when nothing has happened for a while."""
        seen = -1
        while True:
            try:
                await asyncio.wait_for(self._wait(seen), HEARTBEAT)
            except asyncio.TimeoutError:
                yield None
                continue
            seen = self._changes
            yield sorted(self._sockets.values())

    async def _tell(self) -> None:
        self._changes += 1
        async with self._changed:
            self._changed.notify_all()

    async def _wait(self, seen: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._changes != seen)


app = FastAPI(title="A room behind Postern")
app.add_middleware(PosternMiddleware)
room = Room()


@app.get("/api/me")
async def me(user: CurrentUser) -> dict[str, str]:
    return {"id": user.id, "name": user.name or user.email}


@app.websocket("/api/ws")
async def talk(socket: WebSocket, user: CurrentUser) -> None:
    await socket.accept()
    name = user.name or user.email
    async with room.entered(socket, name):
        try:
            while True:
                await room.say(name, (await socket.receive_text())[:500])
        except WebSocketDisconnect:
            return


@app.get("/api/events")
async def events(user: CurrentUser) -> StreamingResponse:
    async def stream() -> AsyncIterator[str]:
        async for names in room.people():
            yield ": still here\n\n" if names is None else f"event: people\ndata: {json.dumps(names)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


app.mount("/", StaticFiles(directory=Path(__file__).parent / "page", html=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m app", description=app.title)
    parser.add_argument("--port", type=int, default=8000)
    # Event streams end only when their client leaves: do not wait for that.
    uvicorn.run(app, port=parser.parse_args().port, timeout_graceful_shutdown=3)
