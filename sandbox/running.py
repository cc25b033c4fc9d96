"""The three servers of one sandbox, running in this process, and the file that keeps its state over a restart."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.assertion import make_client_certificate
from sandbox.business_central.routes import create_app as create_business_central
from sandbox.face.business_central import create_face as create_business_central_face
from sandbox.face.sales import create_face as create_sales_face
from sandbox.sales.routes import create_app as create_sales
from sandbox.server import Front, Server, make_certificate
from sandbox.sign_in import create_app as create_sign_in
from sandbox.state_file import StateFile
from sandbox.world import BUSINESS_CENTRAL, SALES, SIGN_IN, World


@dataclass(frozen=True, slots=True)
class Ports:
    """0 takes a free port."""

    business_central: int = 0
    sales: int = 0
    sign_in: int = 0
    sales_secure: int | None = None
    """Sales by HTTPS as well; None for not at all."""


class StateKeeper:
    """Writes the world's state to a file every so many seconds when something may have changed, and at the end."""

    def __init__(self, world: World, path: Path, seconds: float) -> None:
        self._world, self._path, self._seconds = world, path, seconds
        self._saved: int | None = None
        self._failed = False
        self._one_at_a_time = threading.Lock()
        self._file: StateFile | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-state", daemon=True)

    def open(self) -> bool:
        """Take hold of the file; whether it holds a state. Raises StateUnreadable, OSError."""
        self._file = StateFile(self._path, self._world.data.name)
        return self._file.rest is not None

    def begin(self) -> None:
        """Put the file's state in place, if it holds one, and start writing. Raises StateUnreadable."""
        if self._file is not None and self._file.rest is not None:
            self._world.put_back(self._file.rest, self._file.rows, whole=True)
            self._world.watch()
            self._saved = self._world.changes
        self._thread.start()

    def save(self) -> int:
        """Write what has changed; everything the first time, and after a failure. Answers how many rows that were.

        Raises sqlite3.Error; the file holds the former state then.
        """
        with self._one_at_a_time:
            if self._file is None:
                return 0
            changes = self._world.changes
            whole, self._failed = self._failed, True
            taken = self._world.take_changes(whole=whole)
            self._file.write(taken)
            self._saved, self._failed = changes, False
            return sum(len(table.rows) for table in taken.tables.values())

    def end(self) -> None:
        """Write a last time and stop. Without effect when it never began. Raises OSError when that fails."""
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join()
            try:
                self.save()
            except sqlite3.Error as error:
                raise OSError(f"{self._path}: the last state was not written: {error}") from error
        if self._file is not None:
            self._file.close()

    def _run(self) -> None:
        while True:
            if self._world.changes != self._saved:
                try:
                    self.save()
                except sqlite3.Error as error:
                    sys.stderr.write(f"sandbox: {self._path} was not written: {error}. Tried again soon.\n")
            if self._ended.wait(self._seconds):
                return


class Servers:
    """The three servers around one world. A context manager: entering starts them, leaving stops them."""

    def __init__(
        self, world: World, ports: Ports = Ports(), state_file: Path | None = None, state_seconds: float = 30
    ) -> None:
        self.world = world
        self._ports = ports
        self._keeper = StateKeeper(world, state_file, state_seconds) if state_file is not None else None
        world.save = self._keeper.save if self._keeper is not None else None
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
        data = world.data
        if self._keeper is not None and self._keeper.open():
            world.data = replace(data, orders=())  # what the file holds need not be made first, to be thrown away
        business_central, sales = create_business_central(world), create_sales(world)
        world.data = data
        faces = {
            BUSINESS_CENTRAL: create_business_central_face(world, business_central),
            SALES: create_sales_face(world, sales),
        }
        if self._keeper is not None:
            self._keeper.begin()
        # Sign-in first: the two systems may answer as soon as they listen.
        for system, app, port in (
            (SIGN_IN, create_sign_in(world, certificate), ports.sign_in),
            (BUSINESS_CENTRAL, business_central, ports.business_central),
            (SALES, sales, ports.sales),
        ):
            secure = server_certificate if system == SIGN_IN else None
            self._servers.append(Server(Front(app, system, world, faces.get(system)), port, certificate=secure))
        addresses = [server.address for server in self._servers]
        if ports.sales_secure is not None:
            secured = Server(self._servers[-1].app, ports.sales_secure, certificate=server_certificate)
            self._servers.append(secured)
            world.addresses.sales_secure = secured.address
        world.addresses.sign_in, world.addresses.business_central, world.addresses.sales = addresses
        for server in self._servers:
            server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self.world.stop()
        for server in self._servers:
            server.stop()
        try:
            if self._keeper is not None:
                self._keeper.end()
        finally:
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
            **({"SALES_HTTPS_URL": world.addresses.sales_secure} if world.addresses.sales_secure else {}),
            "SANDBOX_ADMIN_CLIENT_ID": world.directory.administrator.client_id,
            "SANDBOX_ADMIN_CLIENT_SECRET": world.directory.administrator.secret,
            "SANDBOX_USERS": ",".join(user.name for user in world.directory.users()),
            "SANDBOX_USER_PASSWORD": world.directory.password,
        }
