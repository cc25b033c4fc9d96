"""Start both systems and their sign-in: ``python -m sandbox``.

Prints the addresses when everything answers, writes them to ``--env-file`` in one step, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.business_central.routes import create_app as create_business_central
from sandbox.company import CompanyData
from sandbox.demo_data import demo_company
from sandbox.faults import FaultInvalid, parse_faults
from sandbox.northwind import load
from sandbox.sales.routes import create_app as create_sales
from sandbox.server import Front, Server, make_certificate
from sandbox.sign_in import create_app as create_sign_in
from sandbox.sign_in import make_client_certificate
from sandbox.world import BUSINESS_CENTRAL, SALES, SIGN_IN, World


@dataclass(frozen=True, slots=True)
class Ports:
    """0 takes a free port."""

    business_central: int = 0
    sales: int = 0
    sign_in: int = 0


class Sandbox:
    """The three servers around one world. A context manager: entering starts them, leaving stops them."""

    def __init__(self, world: World, ports: Ports = Ports()) -> None:
        self.world = world
        self._ports = ports
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        try:
            return self._start()
        except BaseException:
            self._end()
            raise

    def _start(self) -> Self:
        folder = Path(self._folder.name)
        self.authority_file, server_certificate = make_certificate(folder)
        self.certificate_file, certificate = make_client_certificate(folder)
        world, ports = self.world, self._ports
        # Sign-in first: the two systems may answer as soon as they listen.
        for system, app, port in (
            (SIGN_IN, create_sign_in(world, certificate), ports.sign_in),
            (BUSINESS_CENTRAL, create_business_central(world), ports.business_central),
            (SALES, create_sales(world), ports.sales),
        ):
            secure = server_certificate if system == SIGN_IN else None
            self._servers.append(Server(Front(app, system, world), port, certificate=secure))
        sign_in, business_central, sales = self._servers
        world.addresses.sign_in = sign_in.address
        world.addresses.business_central = business_central.address
        world.addresses.sales = sales.address
        for server in self._servers:
            server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self.world.stop()
        for server in self._servers:
            server.stop()
        self._folder.cleanup()

    def environment(self) -> dict[str, str]:
        """The settings under which a client finds and may use this sandbox."""
        world = self.world
        application = world.application
        return {
            "SALES_URL": world.addresses.sales,
            "BC_URL": f"{world.addresses.business_central}/v2.0/{application.tenant_domain}/sandbox",
            "BC_COMPANY": world.data.name,
            "ENTRA_AUTHORITY": world.addresses.sign_in,
            "ENTRA_TENANT_ID": application.tenant_id,
            "ENTRA_CLIENT_ID": application.client_id,
            "ENTRA_CLIENT_SECRET": application.secret,
            "REQUESTS_CA_BUNDLE": str(self.authority_file),
        }


def write_env_file(path: Path, environment: dict[str, str]) -> None:
    """Write KEY=VALUE lines, readable by the owner only; the file is there complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{key}={value}\n" for key, value in environment.items()), encoding="utf-8")
    fresh.replace(path)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port-bc", type=int, default=0, metavar="N", help="port of Business Central; free one if 0")
    parser.add_argument("--port-sales", type=int, default=0, metavar="N", help="port of Sales")
    parser.add_argument("--port-sign-in", type=int, default=0, metavar="N", help="port of the sign-in (HTTPS)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="CSV in the Northwind layout instead of the demo company"
    )
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="milliseconds added to each request")
    parser.add_argument("--faults", default="", metavar="SPEC", help='"after:0.05:writes,429:0.01,seed:7" or JSON')
    parser.add_argument("--env-file", type=Path, metavar="PATH", help="write the settings of a client here")
    parser.add_argument(
        "--webhook-delay", type=float, default=1.0, metavar="SECONDS", help="how long Business Central collects changes"
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
    with Sandbox(world, Ports(options.port_bc, options.port_sales, options.port_sign_in)) as sandbox:
        environment = sandbox.environment()
        if options.env_file is not None:
            write_env_file(options.env_file, environment)
        sys.stdout.write(_greeting(sandbox, environment, options.env_file))
        sys.stdout.flush()
        ended.wait()
    if options.env_file is not None:
        options.env_file.unlink(missing_ok=True)
    return 0


def _greeting(sandbox: Sandbox, environment: dict[str, str], env_file: Path | None) -> str:
    lines = [
        f"Sandbox of {sandbox.world.data.name} is up.",
        f"  Business Central  {environment['BC_URL']}",
        f"  Sales             {environment['SALES_URL']}",
        f"  Sign-in           {environment['ENTRA_AUTHORITY']}/{environment['ENTRA_TENANT_ID']}",
        f"  Trust             {environment['REQUESTS_CA_BUNDLE']}",
        f"  Certificate       {sandbox.certificate_file} (instead of the secret)",
    ]
    if env_file is not None:
        lines.append(f"  Settings          {env_file}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
