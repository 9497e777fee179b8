"""What the server around this application listens on, as far as that can be known when it starts.

ASGI does not tell an application. uvicorn's Server can be found: it waits, in this very event loop, for the
application to start. That covers "uvicorn", "fastapi run", uvicorn.run, and gunicorn with uvicorn's workers. Of other
servers nothing is known before the first request.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CoroutineType, FrameType
from typing import Any


@dataclass(frozen=True)
class Listener:
    host: str  # as it was given
    believes_everybody: bool  # takes client addresses from anybody's X-Forwarded-For


def listeners() -> Iterator[Listener]:
    """Yield the addresses of the server that is starting this application; none for a Unix socket."""
    uvicorn: Any = sys.modules.get("uvicorn")
    if uvicorn is None:
        return
    for frame in waiting():
        server = frame.f_locals.get("self")
        if not isinstance(server, uvicorn.Server) or frame.f_code.co_name != "startup":
            continue
        config: Any = server.config
        everybody = config.proxy_headers and "*" in (config.forwarded_allow_ips or "")
        for host in hosts(config, frame.f_locals.get("sockets")):
            yield Listener(host, everybody)


def hosts(config: Any, opened: list[socket.socket] | None) -> list[str]:
    if opened is None and config.fd is not None:
        with socket.socket(fileno=os.dup(config.fd)) as inherited:
            return hosts(config, [inherited])
    if opened is not None:
        return [one.getsockname()[0] for one in opened if one.family in (socket.AF_INET, socket.AF_INET6)]
    return [] if config.uds is not None else [config.host or "all addresses"]


def waiting() -> Iterator[FrameType]:
    """Yield the frames of all coroutines that wait in this event loop, from the outside in."""
    for task in asyncio.all_tasks():
        inner: Any = task.get_coro()
        while isinstance(inner, CoroutineType):
            if inner.cr_frame is not None:
                yield inner.cr_frame
            inner = inner.cr_await
