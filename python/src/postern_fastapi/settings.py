"""Which source of identity, from the environment."""

import os
from collections.abc import Mapping
from typing import Final

from .environ import Environ
from .errors import ConfigurationError
from .headers import TrustedHeaders
from .source import Source

MODE: Final = "FASTAPI_POSTERN_MODE"


def source_from_environ(variables: Mapping[str, str] = os.environ) -> Source:
    """Read FASTAPI_POSTERN_MODE and the settings of that mode. Raises ConfigurationError.

    A mode that is not used need not have its packages installed.
    """
    env = Environ(variables)
    match env.text(MODE, default="headers"):
        case "headers":
            return TrustedHeaders.from_environ(env)
        case "assertion":
            from .assertion import SignedAssertion

            return SignedAssertion.from_environ(env)
        case "database":
            from .database import SessionDatabase

            return SessionDatabase.from_environ(env)
        case other:
            raise ConfigurationError(f"{MODE}: {other!r} is not a mode; choose headers, assertion or database")
