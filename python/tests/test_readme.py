"""What the README shows is run, and is as short as it says."""

import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from .servers import get, served

PYTHON = Path(__file__).parents[1]
SNIPPETS = re.findall(r"```python\n(.*?)```", (PYTHON / "README.md").read_text(), re.DOTALL)


def test_the_snippet_is_an_application_of_under_ten_lines() -> None:
    assert len([line for line in SNIPPETS[0].splitlines() if line.strip()]) < 10
    names: dict[str, object] = {}
    exec(SNIPPETS[0], names)  # noqa: S102
    ada = {"X-Postern-User-Id": "ada", "X-Postern-User-Email": "ada@example.com", "X-Postern-User-Name": "Ada"}
    with served(names["app"]) as url:
        assert get(url + "/api/me").status_code == 401
        assert get(url + "/api/me", headers=ada).json() == {"id": "ada", "email": "ada@example.com", "name": "Ada"}


@pytest.mark.parametrize("page", ["README.md", "docs/fastapi.md"])
def test_the_snippet_is_the_same_everywhere(page: str) -> None:
    assert SNIPPETS[0] in (PYTHON.parent / page).read_text()


def test_the_starlette_application_of_the_docs_refuses_forgeries() -> None:
    page = (PYTHON.parent / "docs/fastapi.md").read_text()
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1], names)  # noqa: S102
    twice = [("X-Postern-User-Id", "ada"), ("X-Postern-User-Id", "ada")]
    with served(names["app"]) as url:
        assert get(url, twice).json()["code"] == "UNAUTHORIZED"
        assert get(url, {"X-Postern-User-Id": "ada"}).status_code == 404  # it has no routes


def test_the_tests_in_the_readme_pass() -> None:
    names: dict[str, object] = {}
    exec(SNIPPETS[0] + SNIPPETS[1], names)  # noqa: S102
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        assert callable(test)
        test()


@pytest.mark.skipif(find_spec("hatchling") is None, reason="built in the environment that has what builds it")
def test_the_wheel_has_all_that_is_needed(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        str(PYTHON),
    ]
    subprocess.run(build, check=True, timeout=120)
    (wheel,) = tmp_path.glob("postern_fastapi-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
    sources = {f"postern_fastapi/{path.name}" for path in (PYTHON / "src/postern_fastapi").iterdir() if path.is_file()}
    assert sources <= inside
    assert "postern_fastapi/py.typed" in inside
    assert not any("test" in name and "testing" not in name for name in inside)
