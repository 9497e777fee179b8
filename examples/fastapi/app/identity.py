"""What Postern told us about the caller, for people who want to see it."""

from fastapi import APIRouter, Request
from postern_fastapi import CurrentUser

router = APIRouter(prefix="/api", tags=["identity"])

# Besides the identity headers: what must have been removed on the way (cookie,
# authorization) can be seen to be gone.
SHOWN = ("x-postern-", "x-forwarded-", "x-request-id", "cookie", "authorization")


@router.get("/me")
async def me(user: CurrentUser) -> dict[str, str | bool]:
    return user.model_dump(include={"id", "email", "name", "email_verified"})


@router.get("/headers")
async def headers(request: Request) -> dict[str, str]:
    """The headers this application received; several lines of one name are joined by a comma."""
    received: dict[str, str] = {}
    for name, value in request.headers.items():
        # Many servers hand "_" and "-" to an application as the same character.
        if name.replace("_", "-").startswith(SHOWN):
            received[name] = f"{received[name]}, {value}" if name in received else value
    return received
