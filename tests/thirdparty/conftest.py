"""A sandbox that also speaks HTTPS, for clients written elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import SandboxProcess


@pytest.fixture(scope="package")
def secure_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The demo company, with Sales by HTTPS too; its certificate authority is trusted while the tests run."""
    process = SandboxProcess(tmp_path_factory.mktemp("secure"), "--sales-https")
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = process.env["REQUESTS_CA_BUNDLE"]
    yield process
    if before is None:
        del os.environ["REQUESTS_CA_BUNDLE"]
    else:
        os.environ["REQUESTS_CA_BUNDLE"] = before
    process.stop()


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The folder of the clients written in JavaScript."""
    return Path(__file__).parent / "js"
