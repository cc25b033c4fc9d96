"""The load: wrk, what it sends, and what it saw.

One thread of wrk keeps so many connections busy with the requests of a file. Latency runs from the sending of a request
to the end of its answer; wrk adds the waits that a slow answer hid from it (its correction for coordinated omission).
With a pause each connection waits exponentially long between requests: load at a given rate.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.services import install_packages

SCRIPT = Path(__file__).with_name("gateway_load.lua")
_PATIENCE = 30


class LoadFailed(AssertionError):
    """wrk is missing or broke, or an answer was not what it should be: the numbers would mean nothing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of wrk. Latencies in milliseconds; ``refused`` answers had status 400 or higher, ``broken`` ones never
    came."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def find_wrk() -> str:
    """The program, installed first where it is missing and can be. Raises LoadFailed with what to install."""
    if shutil.which("wrk") is None and shutil.which("apt-get"):
        print("Measuring needs wrk: installing it with apt-get.", flush=True)
        install_packages(["wrk"])
    found = shutil.which("wrk")
    if found is None:
        raise LoadFailed("wrk is not on this machine: apt-get install wrk")
    return found


def ask(
    address: str,
    questions: Path,
    headers: Mapping[str, str],
    *,
    connections: int,
    seconds: float,
    begin: int = 0,
    pause: float = 0,
) -> Seen:
    """Put load on a server. ``begin`` is the line to start behind, ``pause`` the mean milliseconds between an answer
    and the connection's next request."""
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [find_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(SCRIPT), *given]
    ended = subprocess.run(
        [*command, address, "--", str(questions), str(begin), f"{pause:g}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + _PATIENCE,
    )
    _, found, result = ended.stdout.partition("RESULT ")
    if ended.returncode or not found:
        raise LoadFailed(f"wrk ended with code {ended.returncode}.\n{ended.stdout}{ended.stderr}")
    facts = json.loads(result.partition("\n")[0])
    return Seen(
        requests=facts["requests"],
        seconds=facts["microseconds"] / 1e6,
        p50=facts["p50"] / 1000,
        p99=facts["p99"] / 1000,
        refused=facts["refused"],
        broken=facts["broken"],
    )


def check_what_is_sent(questions: Path, headers: Mapping[str, str]) -> Counter[str]:
    """Let wrk ask a server that only writes down: every request must be a line of the file, with every header.

    Answers how often each target was asked. Raises LoadFailed for anything else that arrived.
    """
    lines = set(questions.read_text("utf-8").splitlines())
    asked: Counter[str] = Counter()
    strange: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            tag = self.headers.get("If-None-Match")
            line = self.path if tag is None else f"{self.path}\t{tag}"
            if line not in lines or any(self.headers.get(name) != value for name, value in headers.items()):
                strange.append(f"{line} {dict(self.headers)}"[:500])
            asked[self.path] += 1
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing: what was asked is counted."""

    class Recording(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            """wrk hangs up in the middle of answers when its time is over."""

    with Recording(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            seen = ask(f"http://127.0.0.1:{server.server_port}", questions, headers, connections=2, seconds=1)
        finally:
            server.shutdown()
            thread.join()
    if strange:
        raise LoadFailed(f"wrk sent what it should not: {strange[0]}")
    if not 0 <= asked.total() - seen.requests <= 2:
        raise LoadFailed(f"wrk counted {seen.requests} requests, {asked.total()} arrived")
    return asked


def write_questions(file: Path, lines: Sequence[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file
