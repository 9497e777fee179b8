"""The one line an application needs: app.add_middleware(PosternMiddleware)."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ConfigurationError
from .settings import source_from_environ
from .source import Authenticator, Source
from .user import User
from .wire import remember_root

AUTHENTICATOR = "postern_fastapi.authenticator"
USER = "postern_fastapi.user"


class PosternMiddleware:
    """Lets the application ask who is calling, and refuses to start where the answer could not be believed.

    It refuses no request itself: what needs a user says so, by CurrentUser or require_role. Without a source the
    settings are read from the environment, when the application starts.
    """

    def __init__(self, app: ASGIApp, source: Source | None = None) -> None:
        self.app, self.source = app, source
        self.opened: Authenticator | None = None

    @property
    def authenticator(self) -> Authenticator:
        if self.opened is None:
            self.opened = (self.source or source_from_environ()).open()
        return self.opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(scope, receive, send)
            return
        if scope["type"] in ("http", "websocket") and not pretends(scope):
            scope[AUTHENTICATOR] = self.authenticator
            remember_root(scope)
        await self.app(scope, receive, send)

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check before the application starts, and close when it has ended.

        Before the server hears of the end: once it does, it stops the loop, and what is still closing is cut off.
        """
        started = await receive()
        try:
            if not pretends(scope):
                self.authenticator.check()
        except ConfigurationError as e:
            await send({"type": "lifespan.startup.failed", "message": f"postern-fastapi: {e}"})
            return
        replayed = False

        async def receive_again() -> dict[str, object]:
            nonlocal replayed
            if not replayed:
                replayed = True
                return dict(started)
            return dict(await receive())

        async def send_when_closed(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await self.close()
            await send(message)

        try:
            await self.app(scope, receive_again, send_when_closed)
        finally:
            await self.close()

    async def close(self) -> None:
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.close()


def pretends(scope: Scope) -> bool:
    """Tell whether the application's own tests say who is calling (see testing.py)."""
    from .dependencies import optional_user

    return optional_user in getattr(scope.get("app"), "dependency_overrides", ())


async def find_user(connection: HTTPConnection) -> User | None:
    """Return who is calling, or None when nobody is signed in. Raises Refusal. It looks once per request."""
    if USER not in connection.scope:
        authenticator: Authenticator | None = connection.scope.get(AUTHENTICATOR)
        if authenticator is None:
            raise RuntimeError("nothing tells who is calling: app.add_middleware(PosternMiddleware)")
        connection.scope[USER] = await authenticator.authenticate(connection)
    user: User | None = connection.scope[USER]
    return user
