"""The first thing anybody runs: make demo."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.processes import environment

ROOT = Path(__file__).resolve().parents[2]


def test_make_demo_walks_the_main_job_and_ends_by_itself() -> None:
    make = shutil.which("make")
    assert make, "make is needed to run make demo"
    done = subprocess.run(
        [make, "demo", "ONCE=1"],
        cwd=ROOT,
        env=environment({}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Released" in done.stdout
    assert "That was the main job, end to end." in done.stdout
    assert "\x1b[" not in done.stdout, "colour in a log"
