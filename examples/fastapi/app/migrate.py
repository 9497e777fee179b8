"""Alembic from inside the program, so that starting it is one command."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from .database import database_url


def alembic_config(url: URL | None = None) -> Config:
    config = Config(Path(__file__).parent.parent / "alembic.ini")
    config.attributes["url"] = url or database_url()
    return config


def migrate(url: URL | None = None) -> None:
    command.upgrade(alembic_config(url), "head")
