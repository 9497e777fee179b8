"""Who is calling.

This is all the authentication code the application has. Postern removes these
headers from whatever a client sends and sets them itself after it has checked
the session, so they can be believed. That holds as long as Postern is the only
way in: listen on 127.0.0.1, or on a network that only Postern is part of.
"""

from typing import Annotated, NamedTuple

from fastapi import Depends, HTTPException
from fastapi.requests import HTTPConnection


class User(NamedTuple):
    id: str
    email: str
    name: str
    email_verified: bool


async def current_user(connection: HTTPConnection) -> User:
    header = connection.headers.get
    if not (user_id := header("x-postern-user-id")):
        raise HTTPException(401, "not signed in")
    verified = header("x-postern-user-email-verified") == "true"
    return User(user_id, header("x-postern-user-email", ""), header("x-postern-user-name", ""), verified)


CurrentUser = Annotated[User, Depends(current_user)]
