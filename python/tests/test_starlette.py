"""Starlette without FastAPI."""

import pytest
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from postern_fastapi import PosternMiddleware, TrustedHeaders
from postern_fastapi.starlette import PosternBackend, refuse

from .servers import get, served


async def whoami(request: Request) -> JSONResponse:
    user = request.user
    return JSONResponse([user.is_authenticated, user.display_name, user.identity if user.is_authenticated else ""])


@requires(["authenticated", "role:admin"], status_code=403)
async def admin(request: Request) -> JSONResponse:
    return JSONResponse(list(request.user.postern.roles))


APP = Starlette(
    routes=[Route("/whoami", whoami), Route("/admin", admin)],
    middleware=[
        Middleware(PosternMiddleware, source=TrustedHeaders()),
        Middleware(AuthenticationMiddleware, backend=PosternBackend(), on_error=refuse),
    ],
)


def test_request_user_is_the_caller() -> None:
    ada = {"X-Postern-User-Id": "ada", "X-Postern-User-Name": "Zo%C3%AB", "X-Postern-User-Roles": "admin"}
    with served(APP) as url:
        assert get(url + "/whoami").json() == [False, "", ""]
        assert get(url + "/whoami", headers=ada).json() == [True, "Zoë", "ada"]
        assert get(url + "/admin", headers=ada).json() == ["admin"]
        for roles in ("user", "role:admin", "authenticated"):
            assert get(url + "/admin", headers={**ada, "X-Postern-User-Roles": roles}).status_code == 403, roles


def test_a_claim_that_is_not_true_is_refused() -> None:
    twice = [("X-Postern-User-Id", "ada"), ("X-Postern-User-Id", "ada")]
    with served(APP) as url:
        answer = get(url + "/whoami", headers=twice)
    assert (answer.status_code, answer.json()["code"], answer.headers["www-authenticate"]) == (401, "UNAUTHORIZED", "Bearer")


def test_errors_of_others_are_not_swallowed() -> None:
    with pytest.raises(ValueError, match="other"):
        refuse(Request({"type": "http"}), ValueError("other"))
