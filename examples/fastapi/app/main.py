"""The application: what is open to everyone, and the routers that need a user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from postern_fastapi import PosternMiddleware
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from . import identity, live, tasks
from .database import database_url
from .errors import refuse

# What a browser finds at "/". /dev is there while `postern dev` stands in front.
START_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tasks behind Postern</title>
<style>body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }</style>
<h1>Tasks behind Postern</h1>
<p>This is a FastAPI application that contains no authentication code. Postern stands in front of it.</p>
<ul>
<li><a href="/dev">Sign up or sign in</a>, then read your mail at <a href="/dev/mail">/dev/mail</a></li>
<li><a href="/api/me">/api/me</a>: who the application thinks you are</li>
<li><a href="/api/headers">/api/headers</a>: what Postern told it</li>
<li><a href="/api/tasks">/api/tasks</a>: your tasks, and nobody else's</li>
<li><a href="/docs">/docs</a>: all routes, to try out</li>
</ul>
"""


def create_app(url: URL | None = None) -> FastAPI:
    engine = create_async_engine(url or database_url(), pool_pre_ping=True)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(title="Tasks behind Postern", lifespan=lifespan)
    app.add_middleware(PosternMiddleware)
    app.add_exception_handler(RequestValidationError, refuse)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.get("/", include_in_schema=False)
    async def start() -> HTMLResponse:
        return HTMLResponse(START_PAGE)

    @app.get("/public/hello", tags=["public"])
    async def hello() -> dict[str, str]:
        return {"message": "hello, whoever you are"}

    for router in (identity.router, tasks.router, live.router):
        app.include_router(router)
    return app
