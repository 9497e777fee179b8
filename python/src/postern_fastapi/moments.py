"""Moments as databases keep them."""

import re
from datetime import datetime, timezone

# Python 3.10 reads three digits or six, and no others.
FRACTION = re.compile(r"\.(\d+)")


def six_digits(fraction: re.Match[str]) -> str:
    return "." + fraction[1][:6].ljust(6, "0")


def moment(value: object) -> datetime | None:
    """Read what a driver returns for a time: a datetime, or what applications keep in SQLite: text, milliseconds since 1970.

    Without a zone it is UTC, and it counts in milliseconds, as in JavaScript.
    """
    if value is None:
        return None
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(int(value) / 1000, timezone.utc)
    elif isinstance(value, str):
        value = datetime.fromisoformat(FRACTION.sub(six_digits, value.strip().upper().replace("Z", "+00:00")))
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is no time")
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)
