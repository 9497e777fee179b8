"""The task API, and that one user's tasks do not exist for another."""

from uuid import UUID, uuid4

import httpx
import pytest


def create(user: httpx.Client, title: str) -> dict:
    answer = user.post("/api/tasks", json={"title": title})
    assert answer.status_code == 201, answer.text
    return answer.json()


def titles(user: httpx.Client, query: str = "") -> list[str]:
    return [task["title"] for task in user.get(f"/api/tasks{query}").json()]


def test_a_created_task_can_be_read_back(alice: httpx.Client) -> None:
    task = create(alice, "buy milk")
    assert UUID(task["id"])
    assert task["done"] is False
    assert alice.get(f"/api/tasks/{task['id']}").json() == task


def test_times_are_utc(alice: httpx.Client) -> None:
    task = create(alice, "buy milk")
    read = alice.get(f"/api/tasks/{task['id']}").json()
    assert read["created_at"].endswith("Z") and read["updated_at"].endswith("Z")


def test_list_is_in_order_of_creation(alice: httpx.Client) -> None:
    for title in ("one", "two", "three"):
        create(alice, title)
    assert titles(alice) == ["one", "two", "three"]
    assert titles(alice, "?limit=1&offset=1") == ["two"]


def test_list_can_be_limited_to_done_or_open(alice: httpx.Client) -> None:
    create(alice, "open")
    task = create(alice, "done")
    alice.patch(f"/api/tasks/{task['id']}", json={"done": True})
    assert titles(alice, "?done=true") == ["done"]
    assert titles(alice, "?done=false") == ["open"]


def test_update_changes_what_is_given(alice: httpx.Client) -> None:
    task = create(alice, "buy milk")
    changed = alice.patch(f"/api/tasks/{task['id']}", json={"done": True})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["done"]) == ("buy milk", True)
    assert alice.get(f"/api/tasks/{task['id']}").json() == changed.json()


def test_a_deleted_task_is_gone(alice: httpx.Client) -> None:
    task = create(alice, "buy milk")
    assert alice.delete(f"/api/tasks/{task['id']}").status_code == 204
    assert alice.get(f"/api/tasks/{task['id']}").status_code == 404
    assert titles(alice) == []


def test_lists_are_per_user(alice: httpx.Client, bob: httpx.Client) -> None:
    create(alice, "alice's")
    create(bob, "bob's")
    assert titles(alice) == ["alice's"]
    assert titles(bob) == ["bob's"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"title": "mine now"}), ("DELETE", None)])
def test_someone_elses_task_is_answered_like_none(
    alice: httpx.Client, bob: httpx.Client, method: str, body: dict | None
) -> None:
    task = create(alice, "alice's")
    others = bob.request(method, f"/api/tasks/{task['id']}", json=body)
    missing = bob.request(method, f"/api/tasks/{uuid4()}", json=body)
    assert others.status_code == missing.status_code == 404
    assert others.content == missing.content
    assert alice.get(f"/api/tasks/{task['id']}").json() == task


def test_nobody_can_name_another_owner(alice: httpx.Client, bob: httpx.Client) -> None:
    assert alice.post("/api/tasks", json={"title": "x", "owner_id": "bob"}).status_code == 422
    task = create(alice, "alice's")
    assert alice.patch(f"/api/tasks/{task['id']}", json={"owner_id": "bob"}).status_code == 422
    assert titles(bob) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"title"',
        b"{}",
        b'{"title": ""}',
        b'{"title": null}',
        b'{"title": {}}',
        b'{"title": "nul \\u0000 inside"}',
        b'{"title": "lone \\ud800 surrogate"}',
        b'{"title": "x", "\\ud800": 1}',
        b'{"title": NaN}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"title": "\xff"}',
        b'{"title": "x", "done": "perhaps"}',
        b'{"title": "' + b"x" * 201 + b'"}',
    ],
)
def test_bad_bodies_are_refused(alice: httpx.Client, body: bytes) -> None:
    answer = alice.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert titles(alice) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", f"offset={10**30}", "done=perhaps"])
def test_bad_queries_are_refused(alice: httpx.Client, query: str) -> None:
    assert alice.get(f"/api/tasks?{query}").status_code == 422


def test_an_id_that_is_none_is_refused(alice: httpx.Client) -> None:
    assert alice.get("/api/tasks/1").status_code == 422
