"""What can be wrong: with a request (Refusal), and with the settings (ConfigurationError)."""


class ConfigurationError(Exception):
    """The application cannot start like this. The message says which setting, what was expected, and what to do."""


class Refusal(Exception):
    """Why a request is refused, in Postern's words. Every way of answering translates it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @property
    def detail(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}

    @property
    def headers(self) -> dict[str, str]:
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}  # RFC 9110 §15.5.2: a 401 names a scheme
        if self.status == 503:
            return {"Retry-After": "5"}
        return {}


def unauthenticated(message: str = "Sign in to use this resource") -> Refusal:
    return Refusal(401, "UNAUTHORIZED", message)


def forbidden() -> Refusal:
    return Refusal(403, "FORBIDDEN", "You are not allowed to use this resource")


def unverified() -> Refusal:
    return Refusal(403, "EMAIL_NOT_VERIFIED", "Verify your e-mail address to use this resource")


def invalid_origin() -> Refusal:
    return Refusal(403, "INVALID_ORIGIN", "This origin may not send requests with the user's cookie")


def unavailable(message: str) -> Refusal:
    """Who is calling cannot be known now. Never 401, by which a page would take its user for signed out."""
    return Refusal(503, "SERVICE_UNAVAILABLE", message)
