"""Live objects as bytes and back, for snapshots and the state file, without letting a file run any code.

Reading accepts the sandbox's own classes and plain values only.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from types import MethodType
from typing import Any

_PLAIN = {
    "builtins": {"set", "frozenset", "bytearray", "complex", "range", "slice"},
    "collections": {"deque", "OrderedDict", "defaultdict", "Counter"},
    "datetime": {"datetime", "date", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "uuid": {"UUID", "SafeUUID"},
}
"""Beside classes of the sandbox itself, what a state may consist of."""


_FOUND: dict[tuple[str, str], type] = {}
"""Classes that were found to be allowed: rows name the same few again and again."""


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
        known = _FOUND.get((module, name))
        if known is not None:
            return known
        if (module.split(".")[0] == "sandbox" and "." not in name) or name in _PLAIN.get(module, ()):
            found = super().find_class(module, name)
            if isinstance(found, type):
                _FOUND[(module, name)] = found
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
