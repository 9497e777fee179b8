"""The application: what is open to everyone, and the routers that need a user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from . import identity, live, tasks
from .database import database_url
from .errors import refuse


def create_app(url: URL | None = None) -> FastAPI:
    engine = create_async_engine(url or database_url(), pool_pre_ping=True)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(title="Tasks behind Postern", lifespan=lifespan)
    app.add_exception_handler(RequestValidationError, refuse)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.get("/public/hello", tags=["public"])
    async def hello() -> dict[str, str]:
        return {"message": "hello, whoever you are"}

    for router in (identity.router, tasks.router, live.router):
        app.include_router(router)
    return app
