"""Requests that other sites make with the user's cookie, refused as Postern refuses them.

A bearer token is attached by no browser on its own. A cookie is, so a request by cookie that may change something, or
opens a WebSocket, has to come from a page that may do so: the rules of Go's http.CrossOriginProtection.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address

from starlette.requests import HTTPConnection

from .wire import lines, method

SAFE = ("GET", "HEAD", "OPTIONS")


# What a browser sends as Origin for a page of the web; "null" is for those that have none.
WEB = re.compile(r"https?://[a-z0-9.:_\[\]-]+")


class Pattern:
    """One of auth.trusted_origins: "*" is any run and "?" any one of characters other than slashes."""

    def __init__(self, text: str) -> None:
        text = text.lower().rstrip("/")
        self.host_only = "://" not in text
        self.host = text.rpartition("://")[2].partition(":")[0]
        self.regex = re.compile(re.escape(text).replace(r"\*", r"[^/\\]*").replace(r"\?", r"[^/\\]"))

    def matches(self, origin: str) -> bool:
        host = origin.partition("://")[2]
        return bool(self.regex.fullmatch(host if self.host_only else origin)) and self.admits(host.partition(":")[0])

    def admits(self, host: str) -> bool:
        """Keep a pattern of digits (192.168.*.*) to addresses: anybody can register 192.168.attacker.com."""
        if self.host.strip("0123456789.*?") or not any(map(str.isdigit, self.host)):
            return True
        try:
            IPv4Address(host)
        except ValueError:
            return False
        return True


class Origins:
    """Which origins may act for their visitors, besides the application's own."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self.trusted = [Pattern(one) for one in trusted]

    def allows(self, connection: HTTPConnection) -> bool:
        """Tell whether a request that is authenticated by cookie may be served."""
        origins = [one.decode("latin-1") for one in lines(connection, "origin")]
        if connection.scope["type"] == "websocket":
            return all(self.trusts(origin, connection) for origin in origins)  # RFC 6455 §10.2; no Origin: no browser
        if method(connection) in SAFE:
            return True
        site = next(iter(lines(connection, "sec-fetch-site")), b"")
        if site in (b"same-origin", b"none") or (not site and not origins):
            return True
        return bool(origins) and all(self.trusts(origin, connection) for origin in origins)

    def trusts(self, origin: str, connection: HTTPConnection) -> bool:
        origin = origin.lower()
        here = [one.decode("latin-1").lower() for one in lines(connection, "host")]
        if [origin] == [f"{connection.scope['scheme'].replace('ws', 'http')}://{host}" for host in here]:
            return True
        return bool(WEB.fullmatch(origin)) and any(one.matches(origin) for one in self.trusted)
