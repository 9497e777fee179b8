"""For Starlette without FastAPI: its own AuthenticationMiddleware, with request.user and @requires("role:admin").

Starlette(middleware=[
    Middleware(PosternMiddleware),
    Middleware(AuthenticationMiddleware, backend=PosternBackend(), on_error=refuse),
])
"""

from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from .errors import Refusal
from .middleware import find_user
from .user import User


class PosternUser(BaseUser):
    """A User in the form that Starlette expects: request.user.postern is the whole of it."""

    def __init__(self, user: User) -> None:
        self.postern = user

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.postern.name

    @property
    def identity(self) -> str:
        return self.postern.id


class Refused(AuthenticationError):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class PosternBackend(AuthenticationBackend):
    """Scopes are "authenticated" and, for each role, "role:admin": a role named like another scope opens nothing."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        try:
            user = await find_user(conn)
        except Refusal as e:
            raise Refused(e) from e
        if user is None:
            return None
        return AuthCredentials(["authenticated", *(f"role:{role}" for role in user.roles)]), PosternUser(user)


def refuse(_: HTTPConnection, error: Exception) -> Response:
    """Answer a claim that is not true, in Postern's shape."""
    if not isinstance(error, Refused):
        raise error
    return JSONResponse(error.refusal.detail, error.refusal.status, error.refusal.headers)
