"""Who is calling.

This is all the authentication code the application has. Postern removes these
headers from whatever a client sends and sets them itself after it has checked
the session, so they can be believed. That holds as long as Postern is the only
way in: listen on 127.0.0.1, or on a network that only Postern is part of.
Whatever is not printable ASCII arrives percent-encoded.
"""

from typing import Annotated, NamedTuple
from urllib.parse import unquote

from fastapi import Depends, HTTPException
from fastapi.requests import HTTPConnection


class User(NamedTuple):
    id: str
    email: str
    name: str
    email_verified: bool


async def current_user(connection: HTTPConnection) -> User:
    def sent(field: str) -> str:
        return unquote(connection.headers.get(f"x-postern-user-{field}", ""))

    if not sent("id"):
        raise HTTPException(401, "not signed in")
    return User(sent("id"), sent("email"), sent("name"), sent("email-verified") == "true")


CurrentUser = Annotated[User, Depends(current_user)]
