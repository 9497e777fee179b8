"""Who is calling."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Session(BaseModel):
    """The session a request belongs to. Its id opens nothing and may be logged."""

    model_config = ConfigDict(frozen=True)

    id: str = ""  # empty where Postern is set up not to send it
    created_at: datetime | None = None  # known to the database alone
    expires_at: datetime | None = None  # known to the database alone


class User(BaseModel):
    """A signed-in user, as they were when the request was made."""

    model_config = ConfigDict(frozen=True)

    id: str
    email: str = ""  # in lower case
    email_verified: bool = False
    name: str = ""  # as the user chose it: show it, and decide nothing by it
    roles: tuple[str, ...] = ()
    session: Session = Session()

    def has_role(self, *wanted: str) -> bool:
        """Tell whether the user has one of the roles. Names are compared exactly, as Postern does."""
        return not set(wanted).isdisjoint(self.roles)


def roles_of(text: str) -> tuple[str, ...]:
    """Split better-auth's column, or the header made of it: names between commas."""
    return roles_in(text.split(","))


def roles_in(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in (name.strip() for name in names) if name)
