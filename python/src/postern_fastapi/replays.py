"""Ids that were seen, each until it would be refused for its age anyway."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MAX_REMEMBERED: Final = 100_000
"""Some ten megabytes. When there is no room everything new is refused: to forget would be to accept again."""


class Replays:
    """It is safe for concurrent use by threads."""

    def __init__(self, now: Callable[[], float] = time.time, room: int = MAX_REMEMBERED) -> None:
        self.now, self.room = now, room
        self.seen: OrderedDict[str, float] = OrderedDict()
        self.lock = threading.Lock()

    def first(self, jti: str, until: float) -> bool:
        """Remember an id, and tell whether it had not been seen."""
        with self.lock:
            while self.seen and next(iter(self.seen.values())) < self.now():
                self.seen.popitem(last=False)
            if jti in self.seen or len(self.seen) >= self.room:
                return False
            self.seen[jti] = until
            return True
