"""The rules that keep the shape: who imports whom, and that what exists is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.settings import Settings
from gateway.settings import GatewaySettings

ROOT = Path(__file__).parent.parent


def test_the_import_rules_hold():
    """What .importlinter forbids is not there."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("settings", [Settings, GatewaySettings])
def test_every_setting_is_documented(settings):
    """docs/settings.md has a row for each setting, by its name in the environment."""
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text()))
    missing = {name.upper() for name in settings.model_fields} - documented
    assert not missing


def test_every_direct_dependency_is_accounted_for():
    """Each line of requirements.in has its reason in docs/dependencies.md."""
    wanted = {
        re.split(r"[\[=<>]", line)[0].strip()
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    rows = re.findall(r"^\| ([a-z0-9, -]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    accounted = {name.strip() for row in rows for name in row.split(",")}
    assert not wanted - accounted


def test_every_failure_code_is_documented():
    """A code a person may meet is in a list of one of the pages under docs/."""
    in_code = {
        code for path in (ROOT / "bridge").rglob("*.py") for code in re.findall(r'"(E-[A-Z]+-\d\d)"', path.read_text())
    }
    pages = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    documented = set(re.findall(r"E-[A-Z]+-\d\d", pages))
    assert in_code, "no failure codes found: the search is broken"
    assert not in_code - documented


def test_the_sandbox_never_shares_code_with_the_product():
    """One mistake must not be made twice: the stand-in is written against the specification alone."""
    offenders = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in (ROOT / "sandbox").rglob("*.py")
        for line in path.read_text().splitlines()
        if re.match(r"\s*(from|import) (bridge|gateway)\b", line)
    ]
    assert not offenders


def test_the_environment_is_read_in_settings_only():
    """os.environ and os.getenv appear nowhere else, save to hand a library the one name it reads by itself."""
    offenders = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package in ("bridge", "gateway")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "settings.py"
        for line in path.read_text().splitlines()
        if re.search(r"os\.(environ|getenv)|from os import .*(environ|getenv)", line)
        and "PROMETHEUS_MULTIPROC_DIR" not in line
    ]
    assert not offenders
