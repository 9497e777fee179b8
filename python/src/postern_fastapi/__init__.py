"""Who is calling, in a FastAPI application whose users Postern signs in.

user.py          User and Session: what is known of who is calling
dependencies.py  CurrentUser, OptionalUser, require_role, require_verified_email
middleware.py    the line that an application needs; refuses to start where nothing could be believed
settings.py      which of the three sources, from the environment (environ.py)

source.py        what a source is
headers.py       what Postern says in headers; listening.py knows whom the application listens to
assertion.py     what Postern has signed; keys.py has its public keys, replays.py what was seen before
database.py      the sessions themselves; tokens.py reads tokens, schema.py names columns,
                 moments.py reads times, origin.py stops other sites

starlette.py     request.user for Starlette without FastAPI
wsgi.py          environ["postern.user"] for Flask and other WSGI applications
testing.py       signed_in, for the application's own tests
wire.py          header lines and paths as they came
errors.py        what can be wrong
"""

from .dependencies import CurrentUser, OptionalUser, current_user, optional_user, require_role, require_verified_email
from .errors import ConfigurationError
from .headers import TrustedHeaders
from .middleware import PosternMiddleware
from .user import Session, User

__all__ = [
    "ConfigurationError",
    "CurrentUser",
    "OptionalUser",
    "PosternMiddleware",
    "Session",
    "TrustedHeaders",
    "User",
    "current_user",
    "optional_user",
    "require_role",
    "require_verified_email",
]
