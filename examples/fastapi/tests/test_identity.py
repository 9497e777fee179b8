"""Who the application takes the caller for."""

import httpx
import pytest

from .conftest import identity


@pytest.mark.parametrize("path", ["/api/me", "/api/tasks", "/api/events?count=1"])
def test_without_identity_headers_nobody_is_signed_in(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 401


def test_an_empty_user_id_is_nobody(client: httpx.Client) -> None:
    assert client.get("/api/me", headers={"X-Postern-User-Id": ""}).status_code == 401


def test_public_needs_no_user(client: httpx.Client) -> None:
    assert client.get("/public/hello").json() == {"message": "hello, whoever you are"}


def test_the_start_page_needs_no_user_and_leads_to_the_sign_up(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="/dev"' in page.text


def test_me_is_who_the_headers_say(client: httpx.Client) -> None:
    assert client.get("/api/me", headers=identity("alice")).json() == {
        "id": "alice",
        "email": "alice@example.com",
        "name": "Alice",
        "email_verified": True,
    }


def test_fields_without_a_header_are_empty(client: httpx.Client) -> None:
    me = client.get("/api/me", headers={"X-Postern-User-Id": "carol"})
    assert me.json() == {"id": "carol", "email": "", "name": "", "email_verified": False}


def test_other_alphabets_arrive_whole(client: httpx.Client) -> None:
    me = client.get("/api/me", headers={"X-Postern-User-Id": "carol", "X-Postern-User-Name": "100%25 Zo%C3%AB"})
    assert me.json()["name"] == "100% Zoë"


def test_an_underscore_spelling_is_not_the_header(client: httpx.Client) -> None:
    assert client.get("/api/me", headers={"X_Postern_User_Id": "mallory"}).status_code == 401


def test_headers_shows_what_arrived(alice: httpx.Client) -> None:
    shown = alice.get("/api/headers", headers={"X-Request-Id": "r1", "Accept-Language": "de"}).json()
    assert shown["x-postern-user-id"] == alice.headers["X-Postern-User-Id"]
    assert shown["x-request-id"] == "r1"
    assert "accept-language" not in shown


def test_headers_shows_forgeries_and_repetitions(client: httpx.Client) -> None:
    sent = [("X-Postern-User-Id", "a"), ("X-Postern-User-Id", "b"), ("X_Postern_User_Id", "c")]
    assert client.get("/api/headers", headers=sent).json() == {"x-postern-user-id": "a, b", "x_postern_user_id": "c"}
