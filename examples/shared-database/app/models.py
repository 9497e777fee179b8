"""The application's table, with a foreign key to a table of Postern's."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Table, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# What is marked so belongs to Postern: migrations/env.py keeps Alembic away from it.
POSTERN: dict[str, Any] = {"owner": "postern"}


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )


# As much of it as a foreign key and a join need. With `database.schema: prisma-snake` the table is "users"; with `database.tables_in`
# give its schema here as well.
users = Table(
    "user",
    Base.metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    info=POSTERN,
)


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    # When Postern deletes a user, the database deletes their notes.
    user_id: Mapped[str] = mapped_column(Text, ForeignKey(users.c.id, ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
