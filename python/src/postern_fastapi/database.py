"""Sessions looked up in the database, for services that have no Postern in front.

Tokens and cookies are judged as Postern judges them, and nothing is written: a session that is used here alone is
not renewed. Every request that carries a token asks the database, so a revoked session is over at once.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import anyio
from starlette.requests import HTTPConnection

from .environ import Environ
from .errors import ConfigurationError, invalid_origin, unavailable
from .moments import moment
from .origin import Origins
from .schema import Schema, quoted
from .tokens import Tokens
from .user import Session, User, roles_of
from .wire import lines

try:
    from sqlalchemy import URL, RowMapping, TextClause, make_url, text
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
except ImportError as e:  # pragma: no cover
    raise ConfigurationError("looking sessions up needs: pip install 'postern-fastapi[database]'") from e

logger = logging.getLogger(__name__)

MIN_SECRET_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class SessionDatabase:
    """Settings for looking sessions up. Those that Postern has must have the values they have there."""

    url: str = field(default="", repr=False)
    """postgres://user:password@host/name, as Postern takes it; or sqlite+aiosqlite:///postern.db."""

    secret: str = field(repr=False)
    """auth.secret: signs cookies and tokens."""

    previous_secrets: tuple[str, ...] = field(default=(), repr=False)
    """auth.previous_secrets."""

    schema: str = ""
    """database.schema: a preset, or JSON of models to tables and columns."""

    tables_in: str = ""
    """database.tables_in: the PostgreSQL schema that holds the tables."""

    require_signature: bool = False
    """auth.bearer.require_signature."""

    cookie: str = "better-auth.session_token"
    """Name of the session's cookie; __Secure-better-auth.session_token where server.public_url is https."""

    trusted_origins: tuple[str, ...] = ()
    """Origins whose pages may send requests with the cookie, besides the application's own."""

    pooler: bool = False
    """Whether the URL leads to a transaction pooler, such as PgBouncer: then no statement is prepared under a fixed name."""

    query_timeout: float = 5.0
    """Seconds for one look-up, waiting for a connection included."""

    engine: "AsyncEngine | None" = field(default=None, repr=False)
    """An engine of the application's to use instead of the URL. It is not disposed of here."""

    @classmethod
    def from_environ(cls, env: Environ) -> "SessionDatabase":
        public_url = env.text("POSTERN_SERVER_PUBLIC_URL")
        origins = env.list("POSTERN_AUTH_TRUSTED_ORIGINS") + env.list("POSTERN_CORS_ALLOWED_ORIGINS")
        return cls(
            url=env.secret("POSTERN_DATABASE_URL", "DATABASE_URL"),
            secret=env.secret("POSTERN_AUTH_SECRET", "BETTER_AUTH_SECRET"),
            previous_secrets=env.secrets("POSTERN_AUTH_PREVIOUS_SECRETS"),
            schema=env.text("POSTERN_DATABASE_SCHEMA"),
            tables_in=env.text("POSTERN_DATABASE_TABLES_IN"),
            require_signature=env.flag("POSTERN_AUTH_BEARER_REQUIRE_SIGNATURE"),
            cookie=cookie_name(env, public_url),
            trusted_origins=(public_url, *origins) if public_url else origins,
            pooler=bool(env.secret("POSTERN_DATABASE_DIRECT_URL")),
        )

    def open(self) -> "DatabaseAuthenticator":
        problems = [
            f"{name}: has {len(secret)} characters; use Postern's, which has {MIN_SECRET_LENGTH} or more"
            for name, secret in [
                ("POSTERN_AUTH_SECRET", self.secret),
                *(("POSTERN_AUTH_PREVIOUS_SECRETS", s) for s in self.previous_secrets),
            ]
            if len(secret.encode()) < MIN_SECRET_LENGTH
        ]
        if not self.url and self.engine is None:
            problems.append("POSTERN_DATABASE_URL: is not set; write postgres://user:password@host:5432/database")
        if problems:
            raise ConfigurationError("; ".join(problems))
        schema = Schema(self.schema, self.tables_in)
        engine = self.engine or make_engine(self.url, self.pooler)
        return DatabaseAuthenticator(self, engine, schema)


def cookie_name(env: Environ, public_url: str) -> str:
    """Return the cookie's name as Postern forms it from its settings."""
    prefix = env.text("POSTERN_AUTH_COOKIE_PREFIX", default="better-auth")
    name = env.text("POSTERN_AUTH_COOKIE_NAMES_SESSION_TOKEN", default=f"{prefix}.session_token")
    secure = env.text("POSTERN_AUTH_COOKIE_SECURE", default="auto")
    if secure == "auto":
        secure = "true" if public_url.startswith("https://") else "false"
    return "__Secure-" + name if secure == "true" else name


def make_engine(url: str, pooler: bool = False) -> AsyncEngine:
    try:
        parsed = driver_url(url)
        options: dict[str, Any] = {}
        if parsed.get_backend_name() == "postgresql" and pooler:
            # The next query may meet another server connection, which does not know the statements this one has prepared.
            options["connect_args"] = {"statement_cache_size": 0, "prepared_statement_name_func": lambda: f"__postern_{uuid4()}__"}
            parsed = parsed.update_query_dict({"prepared_statement_cache_size": "0"})
        return create_async_engine(parsed, pool_pre_ping=True, hide_parameters=True, **options)
    except (ArgumentError, ImportError, ValueError) as e:  # whose messages do not repeat the URL, which has a password
        raise ConfigurationError(f"POSTERN_DATABASE_URL: cannot be used: {e}") from e


def driver_url(url: str) -> URL:
    """Translate libpq's spelling of a PostgreSQL URL into what asyncpg understands."""
    parsed = make_url("postgresql://" + url.removeprefix("postgres://") if url.startswith("postgres://") else url)
    if parsed.drivername != "postgresql":
        return parsed
    query = dict(parsed.query)
    query.pop("channel_binding", None)  # libpq only; Neon's URLs carry it
    if sslmode := query.pop("sslmode", None):
        query["ssl"] = sslmode
    return parsed.set(drivername="postgresql+asyncpg", query=query)


class DatabaseAuthenticator:
    def __init__(self, settings: SessionDatabase, engine: AsyncEngine, schema: Schema) -> None:
        self.settings, self.schema, self.engine = settings, schema, engine
        self.tokens = Tokens((settings.secret, *settings.previous_secrets), settings.cookie, require_signature=settings.require_signature)
        self.origins = Origins(settings.trusted_origins)
        self.query = find_session(schema)

    def check(self) -> None:
        """Nothing: whoever can reach the application still needs a session."""

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        by_cookie = False
        token = self.tokens.bearer(lines(connection, "authorization"))
        if token is None:
            token, by_cookie = self.tokens.from_cookies(lines(connection, "cookie")), True
        user = await self.find(token) if token is not None else None
        if user and by_cookie and not self.origins.allows(connection):
            raise invalid_origin()
        return user

    async def find(self, token: str) -> User | None:
        """Return the user of a live session. Raises Refusal (503) when that cannot be known."""
        if "\x00" in token:
            return None  # no database holds it
        try:
            with anyio.fail_after(self.settings.query_timeout):
                async with self.engine.connect() as connection:
                    row = (await connection.execute(self.query, {"token": token})).mappings().first()
            return self.judge(row, datetime.now(timezone.utc)) if row else None
        except Exception as e:  # whatever it is, it must neither pass nor sign anybody out
            logger.exception("session cannot be looked up")
            raise unavailable("Sessions cannot be checked at the moment; try again") from e

    def judge(self, row: RowMapping, now: datetime) -> User | None:
        """Return the user unless the session has expired or the user is banned. A ban without an end is for ever."""

        def of_user(field: str) -> Any:
            return row.get(self.schema.column["user", field])  # role and bans are columns of better-auth's admin plugin

        expires_at = moment(row["postern_expires_at"])
        if expires_at is None or now >= expires_at:
            return None
        ban_ends = moment(of_user("banExpires"))
        if of_user("banned") and (ban_ends is None or now < ban_ends):
            return None
        return User(
            id=str(of_user("id")),
            email=of_user("email") or "",
            email_verified=bool(of_user("emailVerified")),
            name=of_user("name") or "",
            roles=roles_of(of_user("role") or ""),
            session=Session(id=str(row["postern_id"]), created_at=moment(row["postern_created_at"]), expires_at=expires_at),
        )

    async def close(self) -> None:
        if self.settings.engine is None:
            await self.engine.dispose()


def find_session(schema: Schema) -> TextClause:
    """Select a session with its user: names are quoted, the token is a parameter.

    All columns of the user, since some are there only once a plugin of better-auth was added.
    """

    def column(model: str, name: str) -> str:
        return f"{model[0]}.{quoted(schema.column[model, name])}"

    return text(
        f"SELECT u.*, {column('session', 'id')} AS postern_id, "  # noqa: S608
        f"{column('session', 'expiresAt')} AS postern_expires_at, {column('session', 'createdAt')} AS postern_created_at "
        f"FROM {schema.source('session')} s JOIN {schema.source('user')} u ON {column('user', 'id')} = {column('session', 'userId')} "
        f"WHERE {column('session', 'token')} = :token"
    )
