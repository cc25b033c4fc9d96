"""gunicorn's settings for what the gateway is compared with: the gateway's own, but for the hook that looks into it."""

import runpy
from pathlib import Path

globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py")).items()
        if not name.startswith("__") and name != "post_worker_init"
    }
)
