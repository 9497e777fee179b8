from collections.abc import Iterator

import httpx
import pytest


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """One for many requests. Nothing here is encrypted, and to load authorities takes long."""
    with httpx.Client(verify=False) as opened:  # noqa: S501
        yield opened
