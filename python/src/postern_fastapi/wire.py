"""Header lines as they came, before anything joins or decodes them."""

from starlette.requests import HTTPConnection
from starlette.types import Scope


def lines(connection: HTTPConnection, name: str) -> list[bytes]:
    """Return the values of all header lines of a name, in the order in which they came."""
    wanted = name.lower().encode("ascii")
    return [value for key, value in connection.scope["headers"] if key.lower() == wanted]


def method(connection: HTTPConnection) -> str:
    """Return the method. A WebSocket begins as a GET (RFC 6455 §4.1)."""
    return str(connection.scope.get("method", "GET"))


ROOT = "postern_fastapi.root_path"


def remember_root(scope: Scope) -> None:
    """Keep the root path that the server was given (uvicorn --root-path): it puts that before the raw path.

    One that only the application was given, FastAPI(root_path=…), stands in the same place of the scope and is not put
    there. Mounted applications change the scope's on the way in.
    """
    given_to_application = getattr(scope.get("app"), "root_path", "")
    scope[ROOT] = "" if given_to_application else scope.get("root_path", "").rstrip("/")


def path(connection: HTTPConnection) -> str | None:
    """Return the path as it came over the wire: not decoded, without the query. None where the server does not tell."""
    raw: bytes | None = connection.scope.get("raw_path")
    if raw is None:
        return None
    text = raw.partition(b"?")[0].decode("latin-1")
    root: str = connection.scope.get(ROOT, "")
    return text[len(root) :] if root and text.startswith(root + "/") else text
