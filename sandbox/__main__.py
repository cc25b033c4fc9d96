"""Start both systems and their sign-in: ``python -m sandbox``.

Prints the addresses when everything answers, writes them to ``--env-file`` in one step, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import gc
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sandbox.company import CompanyData
from sandbox.demo_data import demo_company
from sandbox.faults import FaultInvalid, parse_faults
from sandbox.frozen import StateUnreadable
from sandbox.northwind import load
from sandbox.running import Ports, Servers
from sandbox.world import World


def write_env_file(path: Path, environment: dict[str, str]) -> None:
    """Write KEY=VALUE lines, quoted for a shell, readable by the owner only; the file is complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in environment.items()), encoding="utf-8")
    fresh.replace(path)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port-bc", type=int, default=0, metavar="N", help="port of Business Central; free one if 0")
    parser.add_argument("--port-sales", type=int, default=0, metavar="N", help="port of Sales")
    parser.add_argument("--port-sign-in", type=int, default=0, metavar="N", help="port of the sign-in (HTTPS)")
    parser.add_argument(
        "--sales-https", type=int, nargs="?", const=0, metavar="N", help="Sales by HTTPS too, at this or a free port"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="CSV in the Northwind layout instead of the demo company"
    )
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="milliseconds added to each request")
    parser.add_argument("--faults", default="", metavar="SPEC", help='"after:0.05:writes,429:0.01,seed:7" or JSON')
    parser.add_argument("--env-file", type=Path, metavar="PATH", help="write the settings of a client here")
    parser.add_argument(
        "--webhook-delay", type=float, default=1.0, metavar="SECONDS", help="how long Business Central collects changes"
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="go on from this file, and keep the state in it")
    parser.add_argument(
        "--state-every", type=float, default=30.0, metavar="SECONDS", help="how often it is written, beside at the end"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="for faults drawn at random")
    return parser.parse_args(argv)


def _company(folder: Path | None) -> CompanyData:
    return demo_company() if folder is None else load(folder)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until a signal; 0 when ended by one, 2 when an option is wrong."""
    options = _arguments(argv)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    gc.disable()  # all that is made now stays: looking for garbage in it takes as long as making it
    try:
        world = World(
            _company(options.data),
            rules=parse_faults(options.faults),
            latency=options.latency / 1000,
            webhook_delay=options.webhook_delay,
            seed=options.seed,
        )
    except (FaultInvalid, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    ports = Ports(options.port_bc, options.port_sales, options.port_sign_in, options.sales_https)
    try:
        with Servers(world, ports, options.state, options.state_every) as servers:
            # What was seeded stays: the collector need not look at it again and again while requests wait.
            gc.freeze()
            gc.enable()
            environment = servers.environment()
            if options.env_file is not None:
                write_env_file(options.env_file, environment)
            sys.stdout.write(_greeting(servers, environment, options))
            sys.stdout.flush()
            ended.wait()
    except (StateUnreadable, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    if options.env_file is not None:
        options.env_file.unlink(missing_ok=True)
    return 0


def _greeting(servers: Servers, environment: dict[str, str], options: argparse.Namespace) -> str:
    addresses = servers.world.addresses
    lines = [
        f"Sandbox of {servers.world.data.name} is up.",
        f"  Business Central  {environment['BC_URL']}",
        f"  Sales             {environment['SALES_URL']}",
        f"  Sign-in           {environment['ENTRA_AUTHORITY']}/{environment['ENTRA_TENANT_ID']}",
        f"  Trust             {environment['REQUESTS_CA_BUNDLE']}",
        f"  Certificate       {servers.certificate_file} (instead of the secret)",
        f"  In a browser      {addresses.business_central}/ and {addresses.sales}/",
    ]
    if addresses.sales_secure:
        lines.append(f"  Sales by HTTPS    {addresses.sales_secure}")
    if options.env_file is not None:
        lines.append(f"  Settings          {options.env_file}")
    if options.state is not None:
        lines.append(f"  State             {options.state}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
