"""The application that tests ask who they are."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, WebSocket

from postern_fastapi import CurrentUser, OptionalUser, PosternMiddleware, User, require_role, require_verified_email
from postern_fastapi.source import Source


def application(source: Source | None = None, **options: Any) -> FastAPI:
    app = FastAPI(**options)
    app.add_middleware(PosternMiddleware, source=source)

    @app.get("/me")
    @app.post("/me")
    async def me(user: CurrentUser) -> User:
        return user

    @app.get("/maybe")
    @app.post("/maybe")
    async def maybe(user: OptionalUser) -> User | None:
        return user

    @app.get("/tasks/{task:path}")
    async def task(task: str, user: CurrentUser) -> dict[str, str]:
        return {"task": task, "user": user.id}

    @app.get("/admin")
    async def admin(user: Annotated[User, Depends(require_role("admin", "staff"))]) -> str:
        return user.id

    @app.get("/verified")
    async def verified(user: Annotated[User, Depends(require_verified_email)]) -> str:
        return user.id

    @app.get("/open")
    async def unguarded() -> str:
        return "for everybody"

    @app.get("/received")
    async def received(request: Request) -> list[tuple[str, str]]:
        return request.headers.items()

    @app.get("/whoever")
    @app.put("/whoever")
    async def whoever(request: Request, _: CurrentUser) -> str:
        return request.headers["x-postern-assertion"]

    @app.websocket("/ws")
    async def ws(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_text(user.id)
        await socket.close()

    return app
