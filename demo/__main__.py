"""``python -m demo``: start everything on this machine, walk the main job once, stay until Ctrl-C.

With ``--once`` it ends after the walk: 0 when every step came out, 1 when one did not.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from demo.processes import ROOT, ChildFailed
from demo.product import CommandFailed, Product
from demo.sandboxes import SandboxProcess
from demo.teller import StepFailed, Teller
from demo.walk import Walk

FOLDER = ROOT / "var" / "demo"
LOCK = ROOT / "var" / "demo.lock"
QUICK = {
    "AVAILABILITY_POLL_SECONDS": "2",
    "PUSH_STATUS_SECONDS": "5",
}
"""Shorter than in earnest, so that nobody waits; knocking makes most of it quicker still."""


class Interrupted(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the walk")
    once = parser.parse_args(argv).once
    teller = Teller()

    def interrupt(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    LOCK.parent.mkdir(exist_ok=True)
    try:
        with LOCK.open("w") as lock:
            folder = _own_folder(lock)
            code = _run(teller, folder, once=once)
        if folder != FOLDER and code == 0:
            shutil.rmtree(folder)
        return code
    except Interrupted:
        teller.say("\nStopped. Everything the demo started has ended.")
        return 0 if not once else 1


def _own_folder(lock: TextIO) -> Path:
    """The demo's folder, emptied; another one when a demo is running there already."""
    folder = FOLDER
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        folder = FOLDER.with_name(f"demo-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run(teller: Teller, folder: Path, *, once: bool) -> int:
    sandbox: SandboxProcess | None = None
    product: Product | None = None
    try:
        with teller.step("Business Central and Sales start, as a sandbox on this machine"):
            sandbox = SandboxProcess(folder / "sandbox", "--webhook-delay", "0.5")
            teller.say("Real servers with state and business rules, and a sign-in of their own. No account is needed.")
            teller.done(f"{sandbox.env['BC_COMPANY']} is open for business.")
        product = Product(
            {
                "DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}",
                "SECRET_KEY": secrets.token_urlsafe(48),
                **sandbox.env,
                **QUICK,
            },
            folder,
        )
        product.env |= {"PUBLIC_URL": product.gateway_address, "CORS_ORIGINS": sandbox.env["SALES_URL"]}
        _write_environment(product.env, folder / "environment.sh")
        product.upgrade()
        walk = Walk(teller, sandbox, product)
        walk.prepare()
        with teller.step("Gateway and worker start"):
            gateway = product.gateway()
            product.worker()
            teller.done(f"The gateway answers at {gateway.address}, the worker has begun.")
        walk.main_job(gateway.address)
        teller.say("")
        teller.done("That was the main job, end to end.")
        if not once:
            _stay(teller, sandbox, gateway.address, folder)
        return 0
    except (StepFailed, ChildFailed, CommandFailed) as error:
        teller.failed(str(error))
        if product is not None:
            teller.say(product.tails())
        if sandbox is not None:
            teller.say(sandbox.child.tail())
        teller.say(f"All logs: {folder}")
        return 1
    finally:
        if product is not None:
            product.stop()
        if sandbox is not None:
            sandbox.stop()


def _write_environment(env: Mapping[str, str], path: Path) -> None:
    """The settings of this installation for a shell, readable by their owner only."""
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in env.items()), "utf-8")


def _stay(teller: Teller, sandbox: SandboxProcess, gateway: str, folder: Path) -> None:
    bc = sandbox.bc.address
    teller.say(f"""
Still running:
  Console             {gateway}/console/
  Gateway             {gateway}/ODataV4/   (health: {gateway}/healthz, {gateway}/readyz)
  Business Central    {sandbox.env["BC_URL"]}
  Sales               {sandbox.env["SALES_URL"]}

Three things to try in another terminal:
  1. Receive stock and see it in the next answer of the gateway:
       curl -X POST {bc}/_sandbox/post-stock -d '{{"item": "TENT-VIDDA-3", "quantity": 20}}'
  2. Lift the block on the customer of SO-1005, and watch the order go through at its next attempt:
       curl -X POST {bc}/_sandbox/set-customer -d '{{"customer": "10180", "blocked": ""}}'
     or ask for one at once:
       . {folder / "environment.sh"} && {sys.executable} -m bridge retry SO-1005
  3. Take replies away from one write in five and submit what is left; no order is lost or doubled:
       curl -X POST {bc}/_sandbox/faults -d '{{"system": "*", "kind": "after", "rate": 0.2, "writes_only": true}}'
       curl -X POST {sandbox.sales.address}/_sandbox/submit -d '{{"all": true}}'
     and see what happened:
       curl {bc}/_sandbox/orders

Ctrl-C ends everything.""")
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
