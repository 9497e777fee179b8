"""Names of tables and columns, as Postern's database.schema and database.tables_in give them."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from .errors import ConfigurationError

# What is read of each model, by better-auth's names.
FIELDS: Final = {
    "user": ("id", "name", "email", "emailVerified", "role", "banned", "banExpires"),
    "session": ("id", "userId", "token", "expiresAt", "createdAt"),
}
PRESETS: Final = {
    "better-auth": {"user": "user", "session": "session"},
    "prisma-snake": {"user": "users", "session": "user_sessions"},
}
OTHER_MODELS: Final = ("account", "verification", "jwks")
"""Not read here, but named in the same setting."""

KEY: Final = "POSTERN_DATABASE_SCHEMA"


class Schema:
    """table["user"], and column["user", "emailVerified"]: as they are in the database, not quoted."""

    def __init__(self, setting: str | Mapping[str, Any] = "", tables_in: str = "") -> None:
        given = parse(setting)
        preset = given.pop("base", "better-auth")
        if preset not in PRESETS:
            raise ConfigurationError(f"{KEY}: {preset!r} is not a preset; there are {' and '.join(PRESETS)}")
        self.tables_in = tables_in
        self.table = dict(PRESETS[preset])
        self.column = {(model, field): snake(field) if preset == "prisma-snake" else field for model in FIELDS for field in FIELDS[model]}
        for model, names in given.items():
            if model in FIELDS:
                self.rename(model, names)
            elif model not in OTHER_MODELS:
                raise ConfigurationError(f"{KEY}: {model!r} is not a model; there are {', '.join((*FIELDS, *OTHER_MODELS))}")

    def rename(self, model: str, names: Any) -> None:
        columns = names.get("columns", {}) if isinstance(names, Mapping) else None
        if not isinstance(columns, Mapping) or not all(isinstance(name, str) and name for name in columns.values()):
            raise ConfigurationError(f"{KEY}: {model}: write a table and columns, as in {{{model}: {{table: …, columns: {{id: …}}}}}}")
        self.table[model] = names.get("table", self.table[model])
        for field, column in columns.items():
            self.column[model, field] = column  # further fields are Postern's to know

    def source(self, model: str) -> str:
        """Return the table, quoted, in the schema that holds it."""
        qualifier = quoted(self.tables_in) + "." if self.tables_in else ""
        return qualifier + quoted(self.table[model])


def parse(setting: str | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(setting, str):
        return dict(setting)
    if not setting.startswith("{"):
        return {"base": setting} if setting else {}
    try:
        parsed: dict[str, Any] = json.loads(setting)
    except ValueError as e:
        raise ConfigurationError(f"{KEY}: write it as JSON, which Postern reads as well: {e}") from e
    return parsed


def quoted(name: str) -> str:
    """Make any name an SQL identifier (SQL-92 §5.2). SQLAlchemy would take a colon for a parameter."""
    return '"' + name.replace('"', '""').replace(":", "\\:") + '"'


def snake(camel: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), camel)
