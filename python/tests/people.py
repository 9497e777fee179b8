"""Users and sessions as rows, and the credentials that go with them."""

import base64
import hmac
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .databases import Database
from .servers import SECRET

NOW = datetime.now(timezone.utc)


def sign(token: str, secret: str = SECRET) -> str:
    """Sign as better-auth does: HMAC-SHA256 in padded standard base64."""
    return token + "." + base64.b64encode(hmac.digest(secret.encode(), token.encode(), "sha256")).decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str, name: str = "better-auth.session_token", secret: str = SECRET) -> dict[str, str]:
    return {"Cookie": f"{name}={quote(sign(token, secret), safe='')}"}


def user_row(key: str, **changes: Any) -> dict[str, Any]:
    row = {"id": f"user-{key}", "name": key.title(), "email": f"{key}@example.com", "emailVerified": True, "role": None}
    return {**row, "banned": None, "banExpires": None, "createdAt": NOW, "updatedAt": NOW, **changes}


def session_row(key: str, user: str, ends: timedelta = timedelta(days=6), **changes: Any) -> dict[str, Any]:
    token = key.replace("-", "").ljust(32, "x")
    row = {"id": f"session-{key}", "userId": f"user-{user}", "token": token, "expiresAt": NOW + ends}
    return {**row, "createdAt": NOW - timedelta(hours=1), "updatedAt": NOW, **changes}


def insert(database: Database, table: str, rows: list[dict[str, Any]], columns: dict[str, str] | None = None) -> None:
    """Write rows as better-auth would; columns are those that have another name than in the rows."""
    names = {field: (columns or {}).get(field, field) for field in rows[0]}
    into = ", ".join(f'"{name}"' for name in names.values())
    values = ", ".join(f":{field}" for field in names)
    if database.url.startswith("sqlite"):
        rows = [{field: iso(value) for field, value in row.items()} for row in rows]
    database.execute(f"INSERT INTO {table} ({into}) VALUES ({values})", *rows)


def iso(value: Any) -> Any:
    """JavaScript's toISOString, the form in which better-auth keeps times in SQLite."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if isinstance(value, datetime) else value
