"""What the gateway asks of gunicorn beyond its settings: turn unready before stopping, add up metrics.

A load balancer learns from ``/readyz`` that a process is about to stop; until it has, requests keep coming. So a
terminated gateway first says "stopping" for some seconds, answering everything as before, and only then closes its
listening socket and finishes what it has. Used by ``gunicorn.conf.py`` only.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import signal
import tempfile
from types import FrameType
from typing import Any

_RUNNING, _STOPPING, _FINISHING = 0, 1, 2


class Stopping:
    """Delays SIGTERM by ``seconds``, during which the application says that it is about to stop.

    Works for a signal to the master alone (a container's runtime) and for one to the whole process group (a Procfile
    runner). A second SIGTERM to the master ends the delay.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._flag: Any = multiprocessing.Value("i", _RUNNING, lock=False)

    def in_master(self, arbiter: Any) -> None:
        """To be called in the master when it is ready."""

        def finish(_signal: int, _frame: FrameType | None) -> None:
            self._flag.value = _FINISHING
            arbiter.signal(signal.SIGTERM, None)

        def stop(number: int, frame: FrameType | None) -> None:
            if self._seconds == 0 or self._flag.value != _RUNNING:
                finish(number, frame)
                return
            self._flag.value = _STOPPING
            signal.alarm(self._seconds)

        signal.signal(signal.SIGALRM, finish)
        signal.signal(signal.SIGTERM, stop)

    def in_worker(self, worker: Any) -> None:
        """To be called in each worker when its application is loaded: from here on it is a web process."""
        handle = worker.wsgi.extensions["gateway"]
        handle.services.logbook.collect()
        drain = handle.drain
        drain.share(self._flag)

        def finish(number: int, frame: FrameType | None) -> None:
            worker.handle_exit(number, frame)

        def stop(number: int, frame: FrameType | None) -> None:
            if self._seconds == 0 or self._flag.value == _FINISHING:
                finish(number, frame)
                return
            drain.begin()  # this one alone, when it was meant alone: the master replaces it
            signal.alarm(self._seconds)

        signal.signal(signal.SIGALRM, finish)
        signal.signal(signal.SIGTERM, stop)


def share_metrics() -> None:
    """Give the processes a folder through which their numbers are added up, unless there is one."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gateway-metrics-")
        master = os.getpid()  # workers inherit what is done at exit: the folder is not theirs to remove
        atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == master else None)


def forget_metrics_of(pid: int) -> None:
    """Drop what a process that is gone left for live numbers; its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead  # reads the folder's name when it is loaded

    mark_process_dead(pid)  # type: ignore[no-untyped-call]
