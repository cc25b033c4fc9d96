"""What is kept of each request: a line in the log, and its counts.

Written for each request by itself, both cost as much as all the rest of a hot answer, because every write and every
lock hands the interpreter to another thread. So in a web process requests are only noted, and a thread of its own
writes them up, :data:`PAUSE_SECONDS` later at the most, many at once. A process that is killed (not one that is
terminated) loses what it noted since. Without :meth:`Logbook.collect` each request is written up before its answer
leaves.
"""

from __future__ import annotations

import atexit
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

PAUSE_SECONDS = 0.05
_MOST = 2_000
"""Past so many noted requests whoever notes the next one helps writing: a log that blocks slows callers down, and does
not fill the memory."""


class Entry(NamedTuple):
    """One answered request. ``memo`` says whether a hot answer was given; ``failure`` is the reason of a refusal, empty
    for none, and ``address`` then goes into the log as well."""

    at: datetime
    request_id: str
    method: str
    path: str
    status: int
    caller: str
    seconds: float
    memo: bool
    failure: str
    address: str


class Logbook:
    """``writers`` get the entries in the order of their answers, each entry once."""

    def __init__(self, *writers: Callable[[Sequence[Entry]], None]) -> None:
        self._writers = writers
        self._lock = threading.Lock()
        self._noted: deque[Entry] = deque()
        self._most = 0
        self._end = threading.Event()

    def note(self, entry: Entry) -> None:
        """Keep this request; never blocks while the writing keeps up."""
        self._noted.append(entry)
        if len(self._noted) > self._most:
            self.write_up()

    def write_up(self) -> None:
        """Write what has been noted so far."""
        with self._lock:
            # Taken out one by one: others go on appending meanwhile, and each entry must be written once.
            noted = [self._noted.popleft() for _ in range(len(self._noted))]
            if noted:
                for write in self._writers:
                    write(noted)

    def collect(self) -> None:
        """From now on requests are written up by a thread; to be called in the process that answers them, once. What is
        noted at the end of the process is written then."""
        self._most = _MOST
        threading.Thread(target=self._run, name="logbook", daemon=True).start()
        atexit.register(self.close)

    def close(self) -> None:
        """End the thread and write the rest."""
        self._end.set()
        self._most = 0
        self.write_up()

    def _run(self) -> None:
        while not self._end.wait(PAUSE_SECONDS):
            try:
                self.write_up()
            except OSError as error:  # a full disk, a closed pipe: answering goes on
                print(f"Requests could not be logged: {error}", file=sys.stderr)  # noqa: T201
