"""The task API.

Isolation between users is in two places and nowhere else: create_task writes
the caller as the owner, and own_tasks limits every query to that owner. A task
of someone else is answered exactly like one that does not exist.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, status
from postern_fastapi import CurrentUser, User
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import Select, select

from .database import Session
from .models import Task

router = APIRouter(prefix="/api/tasks", tags=["tasks"])


def storable(text: str) -> str:
    if "\x00" in text:  # PostgreSQL's text cannot hold it
        raise ValueError("must not contain the NUL character")
    return text


Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]


class NewTask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    done: bool = False


class TaskChange(BaseModel):
    """A field that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    done: bool = False


class TaskView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    done: bool
    created_at: datetime
    updated_at: datetime


def own_tasks(user: User) -> Select[tuple[Task]]:
    return select(Task).where(Task.owner_id == user.id)


async def own_task(task_id: UUID, user: CurrentUser, session: Session) -> Task:
    task = await session.scalar(own_tasks(user).where(Task.id == task_id))
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "no such task")
    return task


OwnTask = Annotated[Task, Depends(own_task, scope="function")]


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_task(new: NewTask, user: CurrentUser, session: Session) -> TaskView:
    task = Task(owner_id=user.id, **new.model_dump())
    session.add(task)
    await session.flush()
    return TaskView.model_validate(task)


@router.get("")
async def list_tasks(
    user: CurrentUser,
    session: Session,
    done: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[TaskView]:
    """The caller's tasks, oldest first."""
    query = own_tasks(user).order_by(Task.created_at, Task.id).limit(limit).offset(offset)
    if done is not None:
        query = query.where(Task.done == done)
    return [TaskView.model_validate(task) for task in await session.scalars(query)]


@router.get("/{task_id}")
async def get_task(task: OwnTask) -> TaskView:
    return TaskView.model_validate(task)


@router.patch("/{task_id}")
async def update_task(task: OwnTask, change: TaskChange, session: Session) -> TaskView:
    for field, value in change.model_dump(exclude_unset=True).items():
        setattr(task, field, value)
    await session.flush()
    return TaskView.model_validate(task)


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_task(task: OwnTask, session: Session) -> None:
    await session.delete(task)
