"""For Flask, Django and other WSGI applications: the signed assertion, checked before the application is called.

environ["postern.user"] is the User, or None. Headers are not believed here: WSGI joins lines of one name, and makes
one name of X_Postern_User_Id and X-Postern-User-Id.
"""

import json
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from .assertion import HEADER, SignedAssertion
from .environ import Environ
from .errors import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class PosternWSGI:
    """Wraps an application: app = PosternWSGI(app). Without a source the settings are read from the environment."""

    def __init__(self, app: "WSGIApplication", source: SignedAssertion | None = None) -> None:
        self.app = app
        self.assertions = (source or SignedAssertion.from_environ(Environ(os.environ))).open()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        sent = environ.get("HTTP_" + HEADER.upper().replace("-", "_"))
        try:
            environ["postern.user"] = self.assertions.authenticate_and_wait(
                [sent.encode("latin-1")] if sent else [], environ["REQUEST_METHOD"], raw_path(environ)
            )
        except Refusal as e:
            headers = [("Content-Type", "application/json"), *e.headers.items()]
            start_response(f"{e.status} {HTTPStatus(e.status).phrase}", headers)
            return [json.dumps(e.detail).encode()]
        return self.app(environ, start_response)


def raw_path(environ: "WSGIEnvironment") -> str | None:
    """Return the path as it came: of gunicorn, Werkzeug (RAW_URI), uWSGI and mod_wsgi (REQUEST_URI). PATH_INFO is decoded."""
    raw: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return raw.partition("?")[0] if raw and raw.startswith("/") else None
