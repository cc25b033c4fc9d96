"""What a simulated shop is made of: a Redis that can be away, and gateways at sockets that can be restarted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import redis

from demo.processes import Child, environment, free_port
from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.wiring import Services, build
from tests.gateway.conftest import Door, World
from tests.gateway.wire import Served, Wire
from tests.services import find_redis

if TYPE_CHECKING:
    from flask.testing import FlaskClient


class RedisSwitch:
    """A Redis that can be away."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client = redis.Redis(port=self._port, socket_timeout=5)
        self._child: Child | None = None

    @property
    def is_there(self) -> bool:
        return self._child is not None

    def start(self) -> None:
        program = find_redis()
        assert program is not None, "no redis-server on this machine: make services"
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        child = Child("redis", [str(program), *options], log=self._folder / "redis.log", env=environment({}))
        child.wait_ready(self._answers, 20)
        self._child = child

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
        self._child = None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False


class Gateway:
    """A gateway with the simulation's clocks; ``door`` is a caller of it. ``pause`` is how a request waits."""

    def __init__(
        self, settings: GatewaySettings, world: World, authorization: str, pause: Callable[[float], object]
    ) -> None:
        self._settings, self._world, self._authorization, self._pause = settings, world, authorization, pause
        self._open: tuple[Services, Served, Wire]
        self.start()

    def start(self) -> None:
        world = self._world
        services = build(
            self._settings,
            clock=world.clock,
            ticks=world.ticks,
            log_stream=world.log,
            spawn=lambda work: work(),
            pause=self._pause,
        )
        served = Served(create_app(self._settings, services))
        wire = Wire(served.port)
        self._open = services, served, wire
        self.door = Door(cast("FlaskClient", wire), self._authorization)

    def stop(self) -> None:
        services, served, wire = self._open
        wire.close()
        served.close()
        services.close()
