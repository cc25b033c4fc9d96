"""How gunicorn runs the gateway. Each value has its reason beside it; what differs per install is a setting."""

import gc
import sys
from pathlib import Path
from typing import Any

from bridge.errors import SettingInvalid
from gateway.server import Stopping, forget_metrics_of, share_metrics
from gateway.settings import GatewaySettings

try:
    settings = GatewaySettings.from_environment()
except SettingInvalid as error:
    sys.exit(f"Error: {error}")  # one line a person can act on, no traceback

# One process without Redis: several would each have their own limits. The settings refuse more.
workers = settings.web_concurrency
# Threads, because an answer that is not hot waits for the database; more than cores, because they mostly wait.
# Only whole requests take one: gateway.worker.
worker_class = "gateway.worker.Worker"
threads = settings.web_threads
# Connections of one process, most of them idle or slow. Below the 1024 files that a process may usually have open.
worker_connections = 900
# A request takes milliseconds. A worker that is silent for half a minute hangs and is replaced.
timeout = 30
# What has begun may finish; the orchestrator's own patience is usually 30 seconds as well.
graceful_timeout = 25
# Longer than a load balancer keeps its connections, so that it is never we who close one just as it is used again.
keepalive = 75
# gunicorn's largest. Form scripts ask for many products in one $filter; the application refuses from 8000 on by itself.
limit_request_line = 8190
# Browsers send about twenty; more is somebody trying something.
limit_request_fields = 60
limit_request_field_size = 8190
# Scheme and address of the caller are worked out by gateway.front from TRUSTED_PROXIES; gunicorn believes nobody.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# Every request has one line already, with its caller and its id.
accesslog = None
errorlog = "-"
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# A control socket would be one more door, and two gateways on one machine would quarrel over it.
control_socket_disable = True

_stopping = Stopping(settings.drain_seconds)


def on_starting(server: Any) -> None:
    """The number of processes is a setting, because the application has to know it too."""
    if server.cfg.workers != settings.web_concurrency:
        sys.exit("Error: --workers: set WEB_CONCURRENCY instead; see docs/settings.md.")
    if settings.web_concurrency > 1:
        share_metrics()


def when_ready(server: Any) -> None:
    _stopping.in_master(server)


def post_worker_init(worker: Any) -> None:
    _stopping.in_worker(worker)
    # What is loaded by now stays: looking through it again and again for garbage stops every request for a while.
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    if settings.web_concurrency > 1:
        forget_metrics_of(worker.pid)
