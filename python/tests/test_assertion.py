"""Assertions that others made up, and key sets that cannot be had. Keys are of our own, published by a real server."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Response
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from postern_fastapi import ConfigurationError
from postern_fastapi.assertion import SignedAssertion
from postern_fastapi.keys import MAX_AGE, MAX_STALE, RETRY, KeySet, KeysUnavailable
from postern_fastapi.replays import Replays

from .applications import application
from .servers import get, served

ISSUER = "https://app.example.com"
PRIVATE: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}
STRANGE = ed25519.Ed25519PrivateKey.generate()


def public_jwk(algorithm: str) -> dict[str, Any]:
    of: Any = {"EdDSA": OKPAlgorithm, "ES256": ECAlgorithm, "RS256": RSAAlgorithm}[algorithm]
    return {**json.loads(of.to_jwk(PRIVATE[algorithm].public_key())), "kid": f"key-{algorithm}", "alg": algorithm, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": "upstream", "sub": "user-ada", "sid": "session-ada", "iat": now, "exp": now + 60}
    about = {"email": "ada@example.com", "email_verified": True, "name": "Ada", "roles": ["admin"], "method": "GET", "path": "/me"}
    return {key: value for key, value in {**said, **about, **changes}.items() if value is not None}


def part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def jws(header: dict[str, Any], payload: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Put a token together by hand, since PyJWT makes none that is wrong."""
    text = (
        part(json.dumps({key: value for key, value in header.items() if value is not None}).encode())
        + b"."
        + part(json.dumps(payload).encode())
    )
    return (text + b"." + part(sign(text))).decode()


def signed(algorithm: str = "EdDSA", key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    headers = {"alg": algorithm, "typ": "postern-assertion+jwt", "kid": f"key-{algorithm}", **(header or {})}
    return jws(headers, claims(**changes), lambda text: jwt.get_algorithm_by_name(algorithm).sign(text, key or PRIVATE[algorithm]))


@dataclass
class Publisher:
    """Publishes keys where Postern does, and counts how often it is asked."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk(algorithm) for algorithm in PRIVATE])
    asked: int = 0
    status: int = 200

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/api/auth/assertion/jwks")
        async def jwks(response: Response) -> dict[str, Any]:
            self.asked += 1
            response.status_code = self.status
            return {"keys": self.keys}

        return app


@pytest.fixture(scope="module")
def publisher() -> Iterator[tuple[str, Publisher]]:
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "key-HS256", "alg": "HS256", "use": "sig"}
    mislabelled = {**public_jwk("RS256"), "kid": "key-mislabelled", "alg": "ES256"}
    published = Publisher()
    published.keys += [secret, mislabelled, {"kid": "key-nothing"}, {**public_jwk("EdDSA"), "kid": "key-enc", "use": "enc"}]
    with served(published.app()) as url:
        yield url, published


@pytest.fixture(scope="module")
def app(publisher: tuple[str, Publisher]) -> Iterator[str]:
    with served(application(SignedAssertion(issuer=ISSUER, postern_url=publisher[0]))) as url:
        yield url


def status(app: str, assertion: str, path: str = "/me") -> int:
    return get(app + path, headers={"X-Postern-Assertion": assertion}).status_code


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_each_algorithm_is_accepted_with_its_key(app: str, algorithm: str) -> None:
    answer = get(app + "/me", headers={"X-Postern-Assertion": signed(algorithm)})
    assert (answer.status_code, answer.json()["roles"]) == (200, ["admin"])


NOW = int(time.time())
PUBLIC_PEM = PRIVATE["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
RAW_PUBLIC = PRIVATE["EdDSA"].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hs256(key: bytes, kid: str) -> str:
    """Sign by a public key as if it were a secret."""
    header = {"alg": "HS256", "typ": "postern-assertion+jwt", "kid": kid}
    return jws(header, claims(), lambda text: hmac.digest(key, text, "sha256"))


def unsigned(algorithm: str) -> str:
    return jws({"alg": algorithm, "typ": "postern-assertion+jwt", "kid": "key-EdDSA"}, claims(), lambda _: b"")


FORGERIES = {
    "algorithm none": unsigned("none"),
    "algorithm None": unsigned("None"),
    "no signature": unsigned("EdDSA"),
    "HS256 with the public key": hs256(PUBLIC_PEM, "key-RS256"),
    "HS256 with the raw public key": hs256(RAW_PUBLIC, "key-EdDSA"),
    "HS256 with a published secret": hs256(b"secret-secret-secret-secret", "key-HS256"),
    "RS256 with a key for EdDSA": signed("RS256", header={"kid": "key-EdDSA"}),
    "a key published for another algorithm": signed("RS256", header={"kid": "key-mislabelled"}),
    "a key for encryption": signed(header={"kid": "key-enc"}),
    "an unknown key": signed(key=STRANGE, header={"kid": "key-unknown"}),
    "a strange key under a known id": signed(key=STRANGE),
    "a key in the header": signed(key=STRANGE, header={"kid": "own", "jwk": public_jwk("EdDSA")}),
    "no key id": signed(header={"kid": None}),
    "a token of another type": signed(header={"typ": "JWT"}),
    "no type": signed(header={"typ": None}),
    "critical extensions": signed(header={"crit": ["b64"], "b64": True}),
    "expired": signed(exp=NOW - 120, iat=NOW - 180),
    "issued in the future": signed(iat=NOW + 600, exp=NOW + 660),
    "no expiry": signed(exp=None),
    "no time of issue": signed(iat=None),
    "another issuer": signed(iss="https://evil.example.com"),
    "no issuer": signed(iss=None),
    "another audience": signed(aud="another"),
    "no audience": signed(aud=None),
    "no subject": signed(sub=None),
    "another method": signed(method="POST"),
    "another letter case of the method": signed(method="get"),
    "another path": signed(path="/admin"),
    "another spelling of the path": signed(path="/%6De"),
    "a slash at the end": signed(path="/me/"),
    "with the query": signed(path="/me?"),
    "no path": signed(path=None),
    "roles as text": signed(roles="admin"),
    "verified as text": signed(email_verified="true"),
    "not a JWT": "x.y.z",
    "nothing much": ".",
    "too long": signed(name="x" * 9000),
    "one bit of the signature": signed()[:-10] + ("A" if signed()[-10] != "A" else "B") + signed()[-9:],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forgeries_are_refused(app: str, forgery: str) -> None:
    answer = get(app + "/me", headers={"X-Postern-Assertion": FORGERIES[forgery]})
    assert answer.status_code == 401
    assert answer.json()["detail"]["code"] == "UNAUTHORIZED"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_forgery_is_no_stranger(app: str) -> None:
    assert get(app + "/maybe").json() is None
    assert status(app, FORGERIES["expired"], "/maybe") == 401


def test_two_assertions_are_one_too_many(app: str) -> None:
    line = ("X-Postern-Assertion", signed())
    assert get(app + "/me", headers=[line, line]).status_code == 401


@pytest.mark.parametrize("skew", [-58, 0, 58])
def test_clocks_may_differ_by_a_minute(app: str, skew: int) -> None:
    here = int(time.time())
    assert status(app, signed(iat=here + skew, exp=here + skew + 1)) == 200  # a second of its life is left at the other side


def test_what_it_does_not_know_the_application_does_not_say(app: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = get(app + "/me", headers={"X-Postern-Assertion": FORGERIES["another issuer"]})
    assert "evil" not in answer.text
    assert "issuer" not in answer.text
    assert "InvalidIssuerError" in caplog.text


def test_an_assertion_is_good_once_where_that_is_asked_for(publisher: tuple[str, Publisher]) -> None:
    with served(application(SignedAssertion(issuer=ISSUER, postern_url=publisher[0], refuse_replays=True))) as app:
        once, twice = signed(jti="a"), signed(jti="b")
        assert [status(app, one) for one in (once, twice, once, twice)] == [200, 200, 401, 401]
        assert status(app, signed()) == 401  # without an id nothing tells the second from the first


def test_ids_are_remembered_for_as_long_as_they_count() -> None:
    clock = [0.0]
    replays = Replays(now=lambda: clock[0], room=2)
    assert replays.first("a", 10)
    assert replays.first("b", 20)
    assert not replays.first("c", 30), "there is no room, so that nothing new can be told from what was seen"
    clock[0] = 15
    assert replays.first("c", 30)
    assert not replays.first("b", 20)


def test_without_keys_nobody_is_refused_and_nobody_let_in(publisher: tuple[str, Publisher]) -> None:
    with served(application(SignedAssertion(issuer=ISSUER, postern_url="http://127.0.0.1:9"))) as app:
        answer = get(app + "/me", headers={"X-Postern-Assertion": signed()})
        assert (answer.status_code, answer.json()["detail"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "5"
        assert get(app + "/open").status_code == 200
        assert get(app + "/me").status_code == 401


@dataclass
class Shelf:
    """A key set whose clock and network stand still unless told otherwise."""

    text: bytes = b""
    clock: float = 1000.0
    fetches: int = 0

    def set(self) -> KeySet:
        return KeySet("http://postern.test/jwks", ("EdDSA",), fetch=self.fetch, now=lambda: self.clock)

    def fetch(self, _: str) -> bytes:
        self.fetches += 1
        if not self.text:
            raise OSError("away")
        return self.text

    def publish(self, *kids: str) -> None:
        self.text = json.dumps({"keys": [{**public_jwk("EdDSA"), "kid": kid} for kid in kids]}).encode()


def test_an_unknown_key_is_asked_for_but_not_by_everybody() -> None:
    shelf = Shelf()
    shelf.publish("one")
    keys = shelf.set()
    assert keys.find("one") is not None
    shelf.publish("one", "two")
    assert keys.find("two") is None, "was asked a moment ago"
    assert [keys.find(f"guess-{n}") for n in range(100)] == [None] * 100
    assert shelf.fetches == 1
    shelf.clock += RETRY
    assert keys.find("two") is not None
    assert shelf.fetches == 2


def test_keys_are_asked_for_again_and_kept_while_postern_is_away() -> None:
    shelf = Shelf()
    shelf.publish("one")
    keys = shelf.set()
    keys.find("one")
    shelf.clock += MAX_AGE - 1
    assert keys.known("one") is not None
    shelf.clock += 1
    assert keys.known("one") is None
    shelf.text = b""
    assert keys.find("one") is not None
    assert shelf.fetches == 2
    shelf.clock += MAX_STALE
    with pytest.raises(KeysUnavailable):
        keys.find("one")
    shelf.publish("two")
    shelf.clock += RETRY
    assert keys.find("one") is None, "is not published any more"
    assert keys.find("two") is not None


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b"{}", b'{"keys": 1}'])
def test_what_is_no_key_set_is_none(text: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        Shelf(text=text).set().find("one")


def test_keys_come_from_where_they_were_asked_for_and_nowhere_else(publisher: tuple[str, Publisher]) -> None:
    elsewhere = FastAPI()

    @elsewhere.get("/jwks", status_code=302)
    async def moved(response: Response) -> None:
        response.headers["Location"] = publisher[0] + "/api/auth/assertion/jwks"

    with served(elsewhere) as url, pytest.raises(KeysUnavailable):
        KeySet(url + "/jwks", ("EdDSA",)).find("key-EdDSA")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"issuer": ""}, "POSTERN_SERVER_PUBLIC_URL"),
        ({"audience": ""}, "POSTERN_IDENTITY_ASSERTION_AUDIENCE"),
        ({"algorithms": ("EdDSA", "HS256")}, "HS256"),
        ({"algorithms": ()}, "choose from"),
        ({"postern_url": "file:///etc/keys"}, "FASTAPI_POSTERN_URL"),
        ({"leeway": 3600}, "leeway"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        SignedAssertion(**{"issuer": ISSUER, **settings}).open()
