"""gunicorn's settings for what the gateway is compared with: the gateway's own, but for the look into the gateway."""

import gc
import runpy
from pathlib import Path

globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py")).items()
        if not name.startswith("__")
    }
)


def post_worker_init(_worker: object) -> None:
    gc.collect()
    gc.freeze()
