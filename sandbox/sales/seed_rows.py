"""Rows put straight into the store, with ids made from natural keys: the same company gives the same ids."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sandbox.sales.environment import Environment
from sandbox.sales.model import Kind, Ref, Row
from sandbox.sales.rules import settle
from sandbox.sales.schema import TABLES
from sandbox.world import made_id

APPLICATION = "application"
"""The natural key of the integration's user."""


_REFS_KEPT = 200_000


def _made(table: str, key: str) -> Ref:
    return Ref(table, made_id("sales", table, key))


class Seeds:
    """Puts rows whose ids are made from natural keys."""

    def __init__(self, env: Environment, now: datetime) -> None:
        self.env = env
        self.now = now
        # Most rows point at the same few others: one value for all of them takes less time and memory.
        self._made = lru_cache(maxsize=_REFS_KEPT)(_made)
        self._user = self.ref("systemuser", APPLICATION)

    def ref(self, table: str, key: str) -> Ref:
        """What a lookup to the row of this key holds, whether it is there yet or not."""
        return self._made(table, key)

    def put(self, table: str, key: str, **values: Any) -> Ref:
        """Store a row, completed with stamps, defaults and what follows from other columns."""
        declared = TABLES[table]
        ref = self.ref(table, key)
        row: Row = {c.name: False for c in declared.columns.values() if c.kind is Kind.YESNO}
        if declared.states:
            first, state = next(iter(declared.states.items()))
            row.update(statecode=first, statuscode=state.default)
        row.update({name: value for name, value in values.items() if value is not None})
        row[declared.id] = ref.id
        if "createdon" in declared.columns:
            row.update(createdon=self.now, modifiedon=self.now, createdby=self._user, modifiedby=self._user)
        if declared.owned and "ownerid" not in row:
            row["ownerid"] = self._user
        settle(self.env, declared, row)
        self.env.store.put(table, row)
        return ref

    def change(self, table: str, key: str, **values: Any) -> None:
        """Set columns of a row that was put before."""
        row = self.env.row(self.ref(table, key))
        if row is None:
            raise LookupError(f"{table} {key} is not seeded")
        self.env.store.put(table, {**row, **values})

    def seller(self, salesperson: str) -> Ref:
        """The user of a salesperson, or the application user where there is none."""
        ref = self.ref("systemuser", salesperson)
        return ref if salesperson and self.env.row(ref) is not None else self._user
