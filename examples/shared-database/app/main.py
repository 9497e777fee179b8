"""Two routes: a user's own notes, and a join with Postern's table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse
from postern_fastapi import CurrentUser, PosternMiddleware
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from .database import database_url
from .models import Note, users


class NewNote(BaseModel):
    text: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")


class NoteView(BaseModel):
    id: int
    text: str
    by: str


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions.begin() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session, scope="function")]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(database_url(), pool_pre_ping=True)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


app = FastAPI(title="Notes in Postern's database", lifespan=lifespan)
app.add_middleware(PosternMiddleware)


@app.get("/", include_in_schema=False)
async def start() -> RedirectResponse:
    return RedirectResponse("/docs")


@app.post("/api/notes", status_code=201)
async def write(new: NewNote, user: CurrentUser, session: Session) -> NoteView:
    note = Note(user_id=user.id, text=new.text)
    session.add(note)
    await session.flush()
    return NoteView(id=note.id, text=note.text, by=user.name or user.email)


@app.get("/api/notes")
async def read(user: CurrentUser, session: Session) -> list[NoteView]:
    """The caller's notes. The name is what Postern's table says now."""
    query = select(Note.id, Note.text, users.c.name.label("by")).join(users).where(Note.user_id == user.id).order_by(Note.id)
    return [NoteView(**row) for row in (await session.execute(query)).mappings()]
