"""The sandbox's state as bytes and as a file: for snapshots, and to go on after a restart.

The file is private to one version of the sandbox: it is a pickle of its rows behind one line that says which code wrote
it. A file of other code is refused, never guessed at. Reading accepts the sandbox's own classes and plain values only.
It holds the application's secret and is therefore readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import MethodType
from typing import Any

FORMAT = 1
_MAGIC = "sandbox-state"
_PLAIN = {
    "builtins": {"set", "frozenset", "bytearray", "complex", "range", "slice"},
    "collections": {"deque", "OrderedDict", "defaultdict", "Counter"},
    "datetime": {"datetime", "date", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "uuid": {"UUID", "SafeUUID"},
}
"""Beside classes of the sandbox itself, what a state may consist of."""


class StateUnreadable(Exception):
    """The bytes are no state of this version of the sandbox; the message says what they are and what to do."""


class _Freezer(pickle.Pickler):
    """Writes named objects, and their methods, as names."""

    def __init__(self, file: io.BytesIO, named: Mapping[str, object]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in named.items()}

    def persistent_id(self, thing: Any) -> Any:
        """The name of a named object, ``(name, method)`` of a method of one, None for all else."""
        if isinstance(thing, MethodType):
            owner = self._names.get(id(thing.__self__))
            return None if owner is None else (owner, thing.__name__)
        return self._names.get(id(thing))


class _Thawer(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, named: Mapping[str, object]) -> None:
        super().__init__(file)
        self._named = named

    def persistent_load(self, pid: Any) -> Any:
        """The present object of that name."""
        name, method = pid if isinstance(pid, tuple) else (pid, "")
        thing = self._named[name]
        return getattr(thing, method) if method else thing

    def find_class(self, module: str, name: str) -> Any:
        """Classes of the sandbox and plain values; nothing else can be called by a file."""
        if (module.split(".")[0] == "sandbox" and "." not in name) or name in _PLAIN.get(module, ()):
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into a state")


def freeze(state: Any, named: Mapping[str, object]) -> bytes:
    """The state as bytes. ``named`` objects in it are written as names and must be there again when it is read."""
    buffer = io.BytesIO()
    _Freezer(buffer, named).dump(state)
    return buffer.getvalue()


def thaw(frozen: bytes, named: Mapping[str, object]) -> Any:
    """What was frozen. Raises StateUnreadable for bytes that are damaged or hold what no state holds."""
    try:
        return _Thawer(io.BytesIO(frozen), named).load()
    except (pickle.UnpicklingError, EOFError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise StateUnreadable(f"The state cannot be read: {error}.") from error


def code_version() -> str:
    """A digest over the sandbox's own source: two sandboxes with the same one read each other's states."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def write_state(path: Path, frozen: bytes, company: str) -> None:
    """Put the state of ``company`` into a file in one step: it is the old one or the new one, never half of it."""
    head = {"format": FORMAT, "code": code_version(), "company": company, "sha256": hashlib.sha256(frozen).hexdigest()}
    fresh = path.with_name(f"{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    with fresh.open("wb") as file:
        file.write(f"{_MAGIC} {json.dumps(head)}\n".encode())
        file.write(frozen)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_state(path: Path, company: str) -> bytes | None:
    """The state in a file, None if there is no file.

    Raises StateUnreadable when it is no state file, was written by other code, is damaged, or is of another company.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    first, _, frozen = content.partition(b"\n")
    word, _, text = first.decode("utf-8", "replace").partition(" ")
    try:
        head = json.loads(text) if word == _MAGIC else None
    except ValueError:
        head = None
    if not isinstance(head, dict):
        raise StateUnreadable(f"{path} is no state file of the sandbox. Name another file with --state.")
    if (head.get("format"), head.get("code")) != (FORMAT, code_version()):
        raise StateUnreadable(
            f"{path} was written by another version of the sandbox (format {head.get('format')}, code"
            f" {head.get('code')}; this one is format {FORMAT}, code {code_version()}). Start that version, or begin"
            " anew by moving the file away."
        )
    if head.get("sha256") != hashlib.sha256(frozen).hexdigest():
        raise StateUnreadable(f"{path} is damaged: its checksum does not match. Move it away to begin anew.")
    if head.get("company") != company:
        raise StateUnreadable(
            f"{path} holds the company {head.get('company')!r}, not {company!r}. Give the --data it was made with."
        )
    return frozen
