"""Settings from the environment.

What Postern has a setting for is read from Postern's own variable, so that both can be started with the same values.
What only concerns this package has names that begin with FASTAPI_POSTERN_: Postern refuses to start with a
POSTERN_ variable it does not know.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import ConfigurationError

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Environ:
    """The variables. As for Postern, an empty one counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def text(self, *names: str, default: str = "") -> str:
        """Return the first of the variables that is set."""
        return next((value for name in names if (value := self.variables.get(name, "").strip())), default)

    def list(self, name: str) -> tuple[str, ...]:
        return parts(self.text(name).split(","))

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.text(name).lower()
        if text and text not in TRUE + FALSE:
            raise ConfigurationError(f"{name}: {text!r} is neither true nor false")
        return text in TRUE if text else default

    def secret(self, *names: str) -> str:
        """Return a value that may be kept in the file that NAME_FILE names. One newline at its end is ignored."""
        return self._file(names[0]) or self.text(*names)

    def secrets(self, name: str) -> tuple[str, ...]:
        """Return several: between commas, or one per line of a file."""
        return parts(self._file(name).splitlines()) or self.list(name)

    def _file(self, name: str) -> str:
        path = self.text(f"{name}_FILE")
        if not path:
            return ""
        if self.text(name):
            raise ConfigurationError(f"{name}_FILE: {name} is set as well; keep one")
        try:
            return Path(path).read_text().removesuffix("\n")
        except OSError as e:
            raise ConfigurationError(f"{name}_FILE: cannot be read: {e}") from e


def parts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in (text.strip() for text in texts) if text)
