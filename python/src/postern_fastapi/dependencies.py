"""What routes ask for. Each fails in FastAPI's way: an HTTPException with Postern's code and message."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Security, WebSocketException, status
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.openapi.models import SecurityBase as Scheme
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from .errors import Refusal, forbidden, unauthenticated, unverified
from .middleware import find_user
from .user import User


class Described(SecurityBase):
    """A way to sign in, for the page /docs and its Authorize button. It checks nothing."""

    def __init__(self, scheme_name: str, model: Scheme) -> None:
        self.scheme_name, self.model = scheme_name, model

    async def __call__(self) -> None:
        pass


BEARER = Described("Session token", HTTPBearer(description="The token that sign-in answers with, in set-auth-token."))
COOKIE = Described(
    "Session cookie",
    APIKey.model_validate(
        {"in": APIKeyIn.cookie, "name": "better-auth.session_token", "description": "The browser has it once you are signed in."}
    ),
)


def answer(connection: HTTPConnection, refusal: Refusal) -> HTTPException | WebSocketException:
    if connection.scope["type"] == "websocket":  # RFC 6455 §7.4.1; before the handshake servers answer 403
        again = refusal.status == status.HTTP_503_SERVICE_UNAVAILABLE
        code = status.WS_1013_TRY_AGAIN_LATER if again else status.WS_1008_POLICY_VIOLATION
        return WebSocketException(code, refusal.code)
    return HTTPException(refusal.status, refusal.detail, refusal.headers)


async def optional_user(
    connection: HTTPConnection,
    _bearer: Annotated[None, Security(BEARER)] = None,
    _cookie: Annotated[None, Security(COOKIE)] = None,
) -> User | None:
    """Return the user, or None when nobody is signed in. What is claimed and is not true is refused even here."""
    try:
        return await find_user(connection)
    except Refusal as e:
        raise answer(connection, e) from e


OptionalUser = Annotated[User | None, Depends(optional_user)]


async def current_user(connection: HTTPConnection, user: OptionalUser) -> User:
    """Return the user; 401 when nobody is signed in."""
    if user is None:
        raise answer(connection, unauthenticated())
    return user


CurrentUser = Annotated[User, Depends(current_user)]


def require_role(*roles: str) -> Callable[[HTTPConnection, User], Awaitable[User]]:
    """Make a dependency that returns the user; 403 when they have none of the roles: Depends(require_role("admin"))."""
    if not roles:
        raise ValueError("require_role: name at least one role")

    async def with_role(connection: HTTPConnection, user: CurrentUser) -> User:
        if not user.has_role(*roles):
            raise answer(connection, forbidden())
        return user

    return with_role


async def require_verified_email(connection: HTTPConnection, user: CurrentUser) -> User:
    """Return the user; 403 when their e-mail address is not proved: Depends(require_verified_email)."""
    if not user.email_verified:
        raise answer(connection, unverified())
    return user
