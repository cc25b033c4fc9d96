"""One installation with its sandbox for all tests of this folder, and who may deploy there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.__main__ import main
from tests.conftest import SECRET_KEY
from tests.processes import Finished, Product, SandboxProcess


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def product(
    sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    shutil.copy(migrated_sqlite, folder / "bridge.db")
    database = {"DATABASE_URL": f"sqlite:///{folder}/bridge.db", "REDIS_URL": ""}
    product = Product({"SECRET_KEY": SECRET_KEY, **database, **sandbox.env}, folder)
    yield product
    product.stop()


@pytest.fixture(scope="module")
def administrator(sandbox: SandboxProcess) -> dict[str, str]:
    """The settings of somebody who may customize."""
    return {
        "ENTRA_CLIENT_ID": sandbox.env["SANDBOX_ADMIN_CLIENT_ID"],
        "ENTRA_CLIENT_SECRET": sandbox.env["SANDBOX_ADMIN_CLIENT_SECRET"],
    }


@pytest.fixture(scope="module")
def deploy(product: Product, administrator: dict[str, str]) -> Callable[..., Finished]:
    """``bridge deploy`` by somebody who may customize, in this process: what it costs to start one is not at stake."""

    def run(*options: str, **extra: str) -> Finished:
        done = CliRunner().invoke(main, ["deploy", *options], env={**product.env, **administrator, **extra})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Finished(f"bridge deploy {' '.join(options)}", done.exit_code, done.stdout, done.stderr)

    return run
