"""DATABASE_URL as people and providers write it."""

import pytest

from app.database import driver_url


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h:5433/db", "postgresql+asyncpg://u:p@h:5433/db"),
        ("postgresql://u@h/db?sslmode=require", "postgresql+asyncpg://u@h/db?ssl=require"),
        ("postgresql://u@h/db?sslmode=require&channel_binding=require", "postgresql+asyncpg://u@h/db?ssl=require"),
        ("postgresql+asyncpg://u@h/db", "postgresql+asyncpg://u@h/db"),
        ("sqlite+aiosqlite:///tasks.db", "sqlite+aiosqlite:///tasks.db"),
    ],
)
def test_url_is_translated_for_asyncpg(given: str, used: str) -> None:
    assert driver_url(given).render_as_string(hide_password=False) == used
