"""Long-lived answers, which a proxy must neither cut nor hold back."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from postern_fastapi import CurrentUser, User

router = APIRouter(prefix="/api", tags=["live"])


@router.websocket("/ws")
async def echo(socket: WebSocket, user: CurrentUser) -> None:
    """Send every text message back under the caller's id."""
    await socket.accept()
    try:
        while True:
            await socket.send_json({"user": user.id, "text": await socket.receive_text()})
    except WebSocketDisconnect:
        return


async def ticks(user: User, count: int | None) -> AsyncIterator[str]:
    number = 0
    while count is None or number < count:
        if number:
            await asyncio.sleep(1)
        number += 1
        yield f"event: tick\nid: {number}\ndata: {json.dumps({'user': user.id, 'tick': number})}\n\n"


@router.get("/events")
async def events(user: CurrentUser, count: Annotated[int | None, Query(ge=1)] = None) -> StreamingResponse:
    """One event now and one every second after it; without a count until the client leaves."""
    return StreamingResponse(ticks(user, count), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
