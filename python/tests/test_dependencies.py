"""What routes ask for, and what they say in /docs."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from postern_fastapi import CurrentUser, OptionalUser, PosternMiddleware, User, require_role
from postern_fastapi.middleware import find_user
from postern_fastapi.testing import signed_in, signed_out

from .applications import application


def test_a_faked_user_is_asked_for_roles_as_any_other() -> None:
    app = application()
    client = TestClient(app)
    with signed_in(app, id="grace", roles=["staff"], email_verified=False) as grace:
        assert client.get("/me").json() == grace.model_dump(mode="json")
        assert client.get("/admin").json() == "grace"
        assert client.get("/verified").json() == {
            "detail": {"code": "EMAIL_NOT_VERIFIED", "message": "Verify your e-mail address to use this resource"}
        }
    with signed_in(app, User(id="ada", roles=("user",))):
        assert client.get("/admin").status_code == 403


def test_a_faked_stranger_is_nobody() -> None:
    app = application()
    client = TestClient(app)
    with signed_in(app):
        with signed_out(app):
            assert client.get("/maybe").json() is None
            assert client.get("/me").status_code == 401
        assert client.get("/me").json()["id"] == "ada"
    assert not app.dependency_overrides


def test_faking_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_POSTERN_MODE", "database")  # of which nothing else is set
    app = application()
    with signed_in(app), TestClient(app) as client:
        assert client.get("/me").status_code == 200


def test_faked_users_open_websockets() -> None:
    app = application()
    client = TestClient(app)
    with signed_in(app), client.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "ada"
    with signed_out(app), pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/ws"):
        pass
    assert (refused.value.code, refused.value.reason) == (1008, "UNAUTHORIZED")


def test_a_whole_router_can_ask_for_a_role() -> None:
    router = APIRouter(prefix="/staff", dependencies=[Depends(require_role("staff"))])

    @router.get("/")
    async def staff() -> str:
        return "welcome"

    app = FastAPI()
    app.add_middleware(PosternMiddleware)
    app.include_router(router)
    client = TestClient(app)
    with signed_in(app, roles=["staff"]):
        assert client.get("/staff/").json() == "welcome"
    with signed_in(app, roles=["Staff", "staff,admin"]):
        assert client.get("/staff/").status_code == 403


def test_a_role_has_to_be_named() -> None:
    with pytest.raises(ValueError, match="at least one role"):
        require_role()


def test_who_forgets_the_middleware_is_told() -> None:
    app = FastAPI()

    @app.get("/me")
    async def me(user: CurrentUser) -> User:
        return user

    with pytest.raises(RuntimeError, match=r"app\.add_middleware\(PosternMiddleware\)"):
        TestClient(app).get("/me")


def test_it_is_looked_once_per_request(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    class Source:
        def open(self) -> Any:
            return self

        async def authenticate(self, _: Any) -> User:
            looked.append(1)
            return User(id="ada", roles=("admin",))

    app = FastAPI()
    app.add_middleware(PosternMiddleware, source=Source())

    @app.get("/", dependencies=[Depends(require_role("admin"))])
    async def root(request: Request, a: CurrentUser, b: OptionalUser, c: Annotated[User, Depends(require_role("admin"))]) -> bool:
        return a is b is c is await find_user(request)

    assert TestClient(app).get("/").json() is True
    assert len(looked) == 1


def test_docs_have_an_authorize_button() -> None:
    schema = application().openapi()
    schemes = schema["components"]["securitySchemes"]
    assert {name: scheme["type"] for name, scheme in schemes.items()} == {"Session token": "http", "Session cookie": "apiKey"}
    assert (schemes["Session token"]["scheme"], schemes["Session cookie"]["name"]) == ("bearer", "better-auth.session_token")
    for path in ("/me", "/maybe", "/admin", "/verified"):
        assert schema["paths"][path]["get"]["security"] == [{"Session token": []}, {"Session cookie": []}], path
        assert "parameters" not in schema["paths"][path]["get"], path
    assert "security" not in schema["paths"]["/open"]["get"]
