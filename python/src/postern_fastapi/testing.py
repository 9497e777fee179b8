"""For the application's own tests: say who is calling, instead of Postern.

with signed_in(app, id="ada", roles=["admin"]), TestClient(app) as client:
    assert client.get("/api/admin").status_code == 200
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from .dependencies import optional_user
from .user import User


@contextmanager
def signed_in(app: FastAPI, user: User | None = None, **fields: Any) -> Iterator[User]:
    """Make every request the user's, until the end of the block. No settings are needed meanwhile.

    What is left out of the fields is made up. require_role and require_verified_email decide as they always do.
    """
    ada = {"id": "ada", "email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace"}
    made = user or User.model_validate({**ada, **fields})
    with called_by(app, made):
        yield made


@contextmanager
def signed_out(app: FastAPI) -> Iterator[None]:
    """Make every request nobody's, until the end of the block."""
    with called_by(app, None):
        yield


@contextmanager
def called_by(app: FastAPI, user: User | None) -> Iterator[None]:
    before = app.dependency_overrides.get(optional_user)
    app.dependency_overrides[optional_user] = lambda: user
    try:
        yield
    finally:
        del app.dependency_overrides[optional_user]
        if before is not None:
            app.dependency_overrides[optional_user] = before
