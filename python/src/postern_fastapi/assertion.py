"""The signed assertion: X-Postern-Assertion, a JWT in which Postern says who asks for what.

It can be believed by an application that others can reach, since it is checked against Postern's public keys, names
its audience, and is good for one method and one path and for a minute. See docs/proxy.md.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import HTTPConnection

from .environ import Environ
from .errors import ConfigurationError, unauthenticated, unavailable
from .replays import Replays
from .user import Session, User, roles_in
from .wire import lines, method, path

try:
    import jwt

    from .keys import KeySet, KeysUnavailable
except ImportError as e:  # pragma: no cover
    raise ConfigurationError("the signed assertion needs: pip install 'postern-fastapi[assertion]'") from e

logger = logging.getLogger(__name__)

HEADER: Final = "X-Postern-Assertion"
TYPE: Final = "postern-assertion+jwt"
ALGORITHMS: Final = ("EdDSA", "ES256", "RS256")
MAX_LENGTH: Final = 8192


@dataclass(frozen=True, kw_only=True)
class SignedAssertion:
    """Settings for assertions."""

    issuer: str
    """Claim iss: Postern's server.public_url."""

    audience: str = "upstream"
    """Claim aud: Postern's identity.assertion.audience."""

    postern_url: str = ""
    """Where Postern is reached from here, for the keys. Empty: the issuer."""

    base_path: str = "/api/auth"
    """Postern's auth.base_path."""

    algorithms: tuple[str, ...] = ALGORITHMS
    """What may have signed. A key is used with the one algorithm that it was published for, and no other."""

    leeway: int = 60
    """Seconds by which the clocks of the two machines may differ."""

    refuse_replays: bool = False
    """Accept each assertion once, in this process. Postern has to give them ids: identity.assertion.single_use."""

    @classmethod
    def from_environ(cls, env: Environ) -> "SignedAssertion":
        return cls(
            issuer=env.text("POSTERN_SERVER_PUBLIC_URL"),
            audience=env.text("POSTERN_IDENTITY_ASSERTION_AUDIENCE", default="upstream"),
            postern_url=env.text("FASTAPI_POSTERN_URL"),
            base_path=env.text("POSTERN_AUTH_BASE_PATH", default="/api/auth"),
            algorithms=env.list("FASTAPI_POSTERN_ALGORITHMS") or ALGORITHMS,
            refuse_replays=env.flag("FASTAPI_POSTERN_REFUSE_REPLAYS"),
        )

    def open(self) -> "AssertionAuthenticator":
        problems = []
        if not self.issuer:
            problems.append("POSTERN_SERVER_PUBLIC_URL: is not set; it is the issuer of assertions, as in https://app.example.com")
        if not self.audience:
            problems.append("POSTERN_IDENTITY_ASSERTION_AUDIENCE: is empty")
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            problems.append(f"FASTAPI_POSTERN_ALGORITHMS: {', '.join(self.algorithms) or 'none'}; choose from {', '.join(ALGORITHMS)}")
        if not (self.postern_url or self.issuer or "http://").startswith(("http://", "https://")):
            problems.append("FASTAPI_POSTERN_URL: write http:// or https:// and a host")
        if not 0 <= self.leeway <= 300:
            problems.append(f"leeway: {self.leeway} is not between 0 and 300 seconds")
        if problems:
            raise ConfigurationError("; ".join(problems))
        url = (self.postern_url or self.issuer).rstrip("/") + self.base_path.rstrip("/") + "/assertion/jwks"
        return AssertionAuthenticator(self, KeySet(url, self.algorithms))


class Claims(BaseModel):
    """What an assertion says besides for how long, in the types in which Postern says it."""

    model_config = ConfigDict(strict=True)

    sub: str
    sid: str
    email: str
    email_verified: bool
    name: str
    roles: list[str]
    method: str
    path: str
    exp: int
    jti: str | None = None


class AssertionAuthenticator:
    def __init__(self, settings: SignedAssertion, keys: KeySet) -> None:
        self.settings, self.keys = settings, keys
        self.replays = Replays() if settings.refuse_replays else None

    def check(self) -> None:
        """Nothing: whoever can reach the application has no key to sign with."""

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        sent = lines(connection, HEADER)
        if not sent:
            return None
        with refusing():
            token = Token(sent)
            key = self.keys.known(token.kid)
            if key is None:
                key = await anyio.to_thread.run_sync(self.find, token.kid)
            return self.user(self.verify(token, key, method(connection), path(connection)))

    def authenticate_and_wait(self, sent: list[bytes], method: str, path: str | None) -> User | None:
        """Do the same where nothing is asynchronous. sent is every header line of the name."""
        if not sent:
            return None
        with refusing():
            token = Token(sent)
            return self.user(self.verify(token, self.find(token.kid), method, path))

    def find(self, kid: str) -> "jwt.PyJWK":
        try:
            key = self.keys.find(kid)
        except KeysUnavailable as e:
            raise unavailable("Who is asking cannot be checked at the moment; try again") from e
        if key is None:
            raise Unacceptable(f"no key {kid!r}")
        return key

    def verify(self, token: "Token", key: "jwt.PyJWK", method: str, path: str | None) -> Claims:
        try:
            payload = jwt.decode(
                token.text,
                key,
                algorithms=[key.algorithm_name],  # RFC 8725 §3.1: what the token names decides nothing
                audience=self.settings.audience,
                issuer=self.settings.issuer,
                leeway=self.settings.leeway,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
            claims = Claims.model_validate(payload)
        except (jwt.PyJWTError, ValidationError, ValueError, OverflowError) as e:
            raise Unacceptable(f"{type(e).__name__}: {e}") from e
        if path is None:
            raise Unacceptable("this server does not tell the path as it came (raw_path)")
        if (claims.method, claims.path) != (method, path):
            raise Unacceptable(f"is for {claims.method} {claims.path!r}, came with {method} {path!r}")
        if self.replays is not None:
            self.refuse_replay(self.replays, claims)
        return claims

    def refuse_replay(self, replays: Replays, claims: Claims) -> None:
        if claims.jti is None:
            raise Unacceptable("has no id (jti); set identity.assertion.single_use: true in Postern's configuration")
        if not replays.first(claims.jti, claims.exp + self.settings.leeway):
            raise Unacceptable("came before")

    def user(self, claims: Claims) -> User:
        return User(
            id=claims.sub,
            email=claims.email,
            email_verified=claims.email_verified,
            name=claims.name,
            roles=roles_in(claims.roles),
            session=Session(id=claims.sid),
        )

    async def close(self) -> None:
        pass


class Unacceptable(Exception):
    """Why an assertion is refused: for the log, not for whoever sent it."""


@contextmanager
def refusing() -> Iterator[None]:
    try:
        yield
    except Unacceptable as e:
        logger.warning("assertion refused: %s", e)
        raise unauthenticated("The assertion of who is asking is not valid for this request") from e


class Token:
    """What its header says, of which nothing is believed: it only chooses the key."""

    def __init__(self, sent: list[bytes]) -> None:
        if len(sent) != 1:
            raise Unacceptable("there is more than one")
        try:
            self.text = sent[0].decode("ascii")
            if len(self.text) > MAX_LENGTH:
                raise Unacceptable(f"longer than {MAX_LENGTH} bytes")
            header: dict[str, Any] = jwt.get_unverified_header(self.text)
        except (jwt.PyJWTError, ValueError) as e:
            raise Unacceptable(f"not a JWT: {e}") from e
        kid = header.get("kid")
        if header.get("typ") != TYPE:  # RFC 8725 §3.11: another token of Postern's is no assertion
            raise Unacceptable(f"type {header.get('typ')!r}")
        if "crit" in header:
            raise Unacceptable("has critical extensions")  # RFC 7515 §4.1.11: none is understood here
        if not isinstance(kid, str):
            raise Unacceptable("names no key")
        self.kid = kid
