"""Where the application learns who is calling: one of three sources, each with its settings.

headers.py    what Postern says in headers, where nobody else can reach the application
assertion.py  what Postern has signed, for this very request
database.py   the sessions themselves, where there is no sidecar
"""

from typing import Protocol

from starlette.requests import HTTPConnection

from .user import User


class Authenticator(Protocol):
    """Finds out who is calling. It is safe for concurrent use within one event loop."""

    def check(self) -> None:
        """Raise ConfigurationError where the application must not serve like this. Called once, when it starts."""

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        """Return the user, or None when nobody claims to be signed in.

        Raises Refusal when what is claimed is not to be believed, and when that cannot be known (503).
        """

    async def close(self) -> None:
        """Give back what was opened."""


class Source(Protocol):
    """Settings of a source, and the choice of it."""

    def open(self) -> Authenticator:
        """Raises ConfigurationError, with all that is wrong. Connects to nothing."""
