"""Identity headers, believed where only Postern can have sent them.

Postern takes these headers from whatever a client sends and writes them itself. Whoever reaches the application
without Postern can write anything. So headers count only when the connection came to a loopback address or a Unix
socket, or from an address that was named; and an application that listens to everybody does not start.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_to_bytes

from starlette.requests import HTTPConnection

from .environ import Environ
from .errors import ConfigurationError, unauthenticated
from .listening import listeners
from .user import Session, User, roles_of
from .wire import lines

logger = logging.getLogger(__name__)

# Fields and the headers that carry them, as under identity.headers of Postern's configuration.
NAMES = {
    "user_id": "X-Postern-User-Id",
    "user_email": "X-Postern-User-Email",
    "user_email_verified": "X-Postern-User-Email-Verified",
    "user_name": "X-Postern-User-Name",
    "user_roles": "X-Postern-User-Roles",
    "session_id": "X-Postern-Session-Id",
}

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, kw_only=True)
class TrustedHeaders:
    """Settings for headers that are believed."""

    trust_from: tuple[str, ...] = ()
    """Addresses and networks Postern calls from: "10.0.0.7", "172.18.0.0/16". Loopback and Unix sockets need no mention."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Headers that have other names in Postern's configuration (identity.headers): {"user_id": "X-User"}."""

    @classmethod
    def from_environ(cls, env: Environ) -> "TrustedHeaders":
        return cls(trust_from=env.list("FASTAPI_POSTERN_TRUST_HEADERS_FROM"))

    def open(self) -> "HeaderAuthenticator":
        if unknown := self.names.keys() - NAMES.keys():
            raise ConfigurationError(f"names: {', '.join(sorted(unknown))}: no such field; there are {', '.join(NAMES)}")
        return HeaderAuthenticator([network(text) for text in self.trust_from], {**NAMES, **self.names})


def network(text: str) -> Network:
    try:
        parsed = ip_network(text, strict=False)
    except ValueError as e:
        raise ConfigurationError(
            f"FASTAPI_POSTERN_TRUST_HEADERS_FROM: {text!r} is neither an address nor a network such as 172.18.0.0/16"
        ) from e
    if parsed.prefixlen == 0:
        raise ConfigurationError(
            f"FASTAPI_POSTERN_TRUST_HEADERS_FROM: {text} is everybody; whoever reaches the application could be anyone. "
            "Name the network that only Postern is in, or use FASTAPI_POSTERN_MODE=assertion"
        )
    return parsed


class HeaderAuthenticator:
    def __init__(self, trusted: list[Network], names: dict[str, str]) -> None:
        self.trusted, self.names = trusted, names

    def check(self) -> None:
        for found in listeners():
            if not self.trusted and not is_loopback(found.host) and found.host != "localhost":
                raise ConfigurationError(
                    f"the application listens on {found.host}, where others than Postern may reach it, and would believe "
                    "whoever they say they are. Listen on 127.0.0.1 or a Unix socket (--uds); or name "
                    "Postern's network in FASTAPI_POSTERN_TRUST_HEADERS_FROM; or have Postern's signature checked with "
                    "FASTAPI_POSTERN_MODE=assertion"
                )
            if self.trusted and found.believes_everybody:
                raise ConfigurationError(
                    "uvicorn takes the client's address from X-Forwarded-For of everybody (--forwarded-allow-ips '*'), so that "
                    "FASTAPI_POSTERN_TRUST_HEADERS_FROM could not tell Postern from others. Start it with --no-proxy-headers"
                )

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        sent = {field: lines(connection, name) for field, name in self.names.items()}
        if not any(sent.values()):
            return None
        if not self.believes(connection):
            logger.warning(
                "identity headers came from %s, which is not trusted, to %s", connection.scope.get("client"), connection.scope.get("server")
            )
            raise unauthenticated("Identity headers are not accepted from this address")
        said = {field: self.one(field, values) for field, values in sent.items()}
        if not said["user_id"]:
            return None
        return User(
            id=said["user_id"],
            email=said["user_email"],
            email_verified=said["user_email_verified"] == "true",
            name=said["user_name"],
            roles=roles_of(said["user_roles"]),
            session=Session(id=said["session_id"]),
        )

    def believes(self, connection: HTTPConnection) -> bool:
        """Tell whether the connection can be Postern's.

        To a loopback address or a Unix socket only this machine can connect. That is asked of our own end of it:
        uvicorn shows at the other end the address in X-Forwarded-For once its sender is trusted.
        """
        here = connection.scope.get("server")
        if here and (here[1] is None or is_loopback(here[0])):
            return True
        there = connection.scope.get("client")
        if not self.trusted or not there:
            return False
        try:
            address = ip_address(there[0].partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 client at a socket of both families
        return any((mapped or address) in one for one in self.trusted)

    def one(self, field: str, values: list[bytes]) -> str:
        """Return the one value there may be. Postern never sends two lines of a name, so that nobody has to choose."""
        if not values:
            return ""
        decoded = decode(values[0]) if len(values) == 1 else None
        if decoded is None:
            logger.warning("header %s came twice or is not encoded as Postern does", self.names[field])
            raise unauthenticated("Identity headers are not as Postern sends them")
        return decoded

    async def close(self) -> None:
        pass


# Printable ASCII in which every percent sign begins an encoded byte: see docs/headers.md.
ENCODED = re.compile(rb"(?:[ -$&-~]|%[0-9A-F]{2})*")


def decode(value: bytes) -> str | None:
    """Undo Postern's percent-encoding; None when the value cannot be of that form."""
    if not ENCODED.fullmatch(value):
        return None
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        return None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can connect to an address. A name is none."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
