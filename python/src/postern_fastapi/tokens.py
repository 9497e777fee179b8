"""Session tokens as requests carry them: read as Postern and better-auth read them, byte for byte."""

import base64
import hmac
import re
from collections.abc import Iterable
from typing import Final

# What a plain token can be made of. What could not be one is never looked up.
PLAIN: Final = re.compile(rb"[A-Za-z0-9_-]{1,256}")

SIGNATURE_LENGTH: Final = 44
"""Of 32 bytes in padded standard base64."""

MAX_COOKIES: Final = 8
"""How many cookies of one name are verified: enough for several paths and domains, too few to make us hash for an attacker."""

# Go's unicode.IsSpace: Postern trims a bearer token by it.
SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")


class Tokens:
    """Reads tokens, and checks signatures by any of the secrets."""

    def __init__(self, secrets: Iterable[str], cookie: str, *, require_signature: bool = False) -> None:
        self.secrets = [secret.encode() for secret in secrets]
        self.cookie, self.require_signature = cookie.encode(), require_signature

    def bearer(self, authorization: Iterable[bytes]) -> str | None:
        """Return the token of the first readable bearer line (RFC 6750 §2.1). One that is wrongly signed counts as absent."""
        for line in authorization:
            if line[:7].lower() == b"bearer " and (token := self.read(line[7:])):
                return token
        return None

    def read(self, value: bytes) -> str | None:
        """Read a plain token, a signed one, or a signed one that is percent-encoded."""
        value = value.decode(errors="surrogateescape").strip(SPACE).encode(errors="surrogateescape")
        if b"." in value or b"%" in value:
            return self.opened(value)
        if self.require_signature or not PLAIN.fullmatch(value):
            return None
        return value.decode()

    def from_cookies(self, cookies: Iterable[bytes]) -> str | None:
        """Return the token of the first genuinely signed cookie: a sibling domain can plant others of the name."""
        for value in self.candidates(cookies)[:MAX_COOKIES]:
            if token := self.opened(unquoted(value)):
                return token
        return None

    def candidates(self, cookies: Iterable[bytes]) -> list[bytes]:
        pairs = (pair.partition(b"=") for line in cookies for pair in line.split(b";"))
        # RFC 9110 §5.6.3 and nothing else: other blanks are part of a cookie's name for the browser.
        return [value.strip(b" \t") for name, equals, value in pairs if equals and name.strip(b" \t") == self.cookie]

    def opened(self, signed: bytes) -> str | None:
        """Split a signed value at its last dot and return what was signed, when one of the secrets has signed it."""
        decoded = unescaped(signed)
        if decoded is None:
            return None
        value, dot, signature = decoded.rpartition(b".")
        if not dot or not value or not self.signed(value, signature):
            return None
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None

    def signed(self, value: bytes, signature: bytes) -> bool:
        # Encoded forms are compared: base64 has several spellings of the same bytes, and a token must have one.
        if len(signature) != SIGNATURE_LENGTH:
            return False
        good = False
        for secret in self.secrets:
            good |= hmac.compare_digest(base64.b64encode(hmac.digest(secret, value, "sha256")), signature)
        return good


def unescaped(text: bytes) -> bytes | None:
    """Decode percent-encoding; None where a percent sign begins none."""
    if any(match[1] is None for match in ESCAPE.finditer(text)):
        return None
    return ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text)


def unquoted(text: bytes) -> bytes:
    """Take off the quotes that RFC 6265 §4.1.1 allows around a cookie's value, but only as a pair."""
    return text[1:-1] if len(text) >= 2 and text[:1] == text[-1:] == b'"' else text
