"""Postern's public keys, as it publishes them (RFC 7517)."""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from http.client import HTTPException
from typing import Any, Final
from urllib.request import HTTPRedirectHandler, Request, build_opener

from jwt import PyJWK
from jwt.exceptions import PyJWTError

logger = logging.getLogger(__name__)

MAX_AGE: Final = 300.0
"""Seconds after which keys are asked for again. As Postern says in Cache-Control: a new key is published an hour before it signs."""

MAX_STALE: Final = 3600.0
"""Seconds for which keys are used while Postern cannot be asked for others."""

RETRY: Final = 10.0
"""Seconds between two requests for keys, whatever is asked for: an unknown key id must not become a way to load Postern."""

MAX_BYTES: Final = 1 << 18
TIMEOUT: Final = 5.0


class KeysUnavailable(Exception):
    """Keys cannot be had, so that no assertion can be checked."""


class KeySet:
    """Keys by their ids. It is safe for concurrent use by threads."""

    def __init__(
        self,
        url: str,
        algorithms: Collection[str],
        *,
        fetch: Callable[[str], bytes] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url, self.algorithms, self.now = url, algorithms, now
        self.fetch = fetch or fetch_once
        self.keys: dict[str, PyJWK] = {}
        self.fetched = self.asked = -float("inf")
        self.lock = threading.Lock()

    def known(self, kid: str) -> PyJWK | None:
        """Return a key that needs no request. None says nothing."""
        return self.keys.get(kid) if self.now() < self.fetched + MAX_AGE else None

    def find(self, kid: str) -> PyJWK | None:
        """Return a key, asking Postern where it is time to; None when there is no such key. It waits for the network.

        Raises KeysUnavailable.
        """
        if known := self.known(kid):
            return known
        with self.lock:  # whoever comes second finds what the first has fetched
            if (known := self.known(kid)) is None and self.now() >= self.asked + RETRY:
                self.refresh()
            if self.now() >= self.fetched + MAX_STALE:
                raise KeysUnavailable(f"no keys from {self.url}")
            return known or self.keys.get(kid)

    def refresh(self) -> None:
        self.asked = self.now()
        try:
            keys = self.parse(self.fetch(self.url))
        except (OSError, HTTPException, ValueError) as e:
            logger.warning("keys cannot be fetched from %s: %s", self.url, e)
            return
        self.keys, self.fetched = keys, self.now()

    def parse(self, text: bytes) -> dict[str, PyJWK]:
        """Read a key set. What is no key for a signature of ours is left out, secrets above all."""
        document: Any = json.loads(text)
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise ValueError("not a key set")
        keys: dict[str, PyJWK] = {}
        for one in document["keys"]:
            if not isinstance(one, dict) or one.get("alg") not in self.algorithms or one.get("use", "sig") != "sig":
                continue
            kid = one.get("kid")
            try:
                if isinstance(kid, str):
                    keys[kid] = PyJWK.from_dict(one)  # a key type that does not fit the algorithm is an error
            except PyJWTError as e:
                logger.warning("key %r of %s cannot be read: %s", kid, self.url, e)
        return keys


class NoRedirects(HTTPRedirectHandler):
    """Keys come from the address that was configured, and from no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetch_once(url: str) -> bytes:
    with build_opener(NoRedirects).open(Request(url, headers={"Accept": "application/json"}), timeout=TIMEOUT) as answer:  # noqa: S310
        text: bytes = answer.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return text
