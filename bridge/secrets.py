"""What is derived from SECRET_KEY, the same in every process that knows it. Values never reach a log or a page."""

from __future__ import annotations

import base64
import hashlib
import hmac

from bridge.records import Side


def hook_secret(secret_key: str, side: Side) -> str:
    """The secret a webhook of this side must bring: clientState for Business Central, a header for Sales."""
    digest = hmac.new(secret_key.encode(), f"hook:{side.value}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
