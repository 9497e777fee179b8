"""The answer to input that does not fit.

FastAPI's own answer repeats the input, which fails (500) when that cannot be
written as JSON: a lone surrogate, NaN. What was wrong, and where, is enough.
"""

import json

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError


async def refuse(_: Request, error: RequestValidationError) -> Response:
    detail = [{"loc": problem["loc"], "msg": problem["msg"]} for problem in error.errors()]
    return Response(json.dumps({"detail": detail}), 422, media_type="application/json")
