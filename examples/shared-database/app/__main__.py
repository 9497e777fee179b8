"""python -m app --port 8000: apply the migrations, then serve."""

import argparse
from pathlib import Path

import uvicorn
from alembic import command
from alembic.config import Config

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m app", description="Notes, to be put behind Postern.")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    command.upgrade(Config(Path(__file__).parent.parent / "alembic.ini"), "head")
    uvicorn.run("app.main:app", port=port)
