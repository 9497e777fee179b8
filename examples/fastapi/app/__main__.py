"""python -m app --port 8000: apply the migrations, then serve."""

import argparse

import uvicorn

from .main import create_app
from .migrate import migrate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app", description="The task API, to be put behind Postern.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="on any other than a loopback address, say whom to trust: see docs/fastapi.md (default: %(default)s)",
    )
    options = parser.parse_args()
    migrate()
    # Event streams end only when their client leaves: do not wait for that.
    uvicorn.run(create_app(), host=options.host, port=options.port, timeout_graceful_shutdown=3)


if __name__ == "__main__":
    main()
