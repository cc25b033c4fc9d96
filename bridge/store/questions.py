"""Questions about items that only Business Central can answer: asked by the gateway, answered by the worker.

One row per wording: however many readers ask the same, it is asked once. Rows nobody has asked for a day go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from bridge.store.database import Database
from bridge.store.models import AvailabilityQuestion

KEPT = timedelta(days=1)
Question = Mapping[str, Any]
"""``item``, ``variant`` and ``location`` (None: all of them together), ``date`` as ISO text, ``quantity`` as text."""


def digest(company_id: str, question: Question) -> str:
    """The id of a question: the same for everybody who asks it."""
    text = json.dumps([company_id, sorted(question.items())])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def ask(db: Database, company_id: str, questions: Collection[Question], now: datetime) -> None:
    """Put these to the worker; one that is asked already is asked again."""
    asked = {digest(company_id, one): dict(one) for one in questions}
    rows = [
        {"id": one, "company_id": company_id, "question": question, "asked_at": now, "error": ""}
        for one, question in asked.items()
    ]
    if not rows:
        return
    with db.write() as session:
        statement = db.insert(AvailabilityQuestion)
        session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"asked_at": statement.excluded["asked_at"]}),
            rows,
        )


def found(db: Database, ids: Collection[str]) -> dict[str, AvailabilityQuestion]:
    """The rows of these questions, by id."""
    with db.read() as session:
        rows = session.scalars(select(AvailabilityQuestion).where(AvailabilityQuestion.id.in_(ids)))
        return {row.id: row for row in rows}


def waiting(db: Database, company_id: str, most: int) -> list[AvailabilityQuestion]:
    """Questions asked since they were answered last, the longest-waiting first."""
    with db.read() as session:
        return list(
            session.scalars(
                select(AvailabilityQuestion)
                .where(
                    AvailabilityQuestion.company_id == company_id,
                    or_(
                        AvailabilityQuestion.answered_at.is_(None),
                        AvailabilityQuestion.answered_at < AvailabilityQuestion.asked_at,
                    ),
                )
                .order_by(AvailabilityQuestion.asked_at, AvailabilityQuestion.id)
                .limit(most)
            )
        )


def answer(db: Database, answers: Sequence[tuple[str, Mapping[str, Any] | None, str]], answered_at: datetime) -> None:
    """Write down (id, answer, error) of each; ``answered_at`` is when Business Central began to be asked."""
    with db.write() as session:
        for question_id, facts, error in answers:
            row = session.get(AvailabilityQuestion, question_id)
            if row is not None:
                row.answer, row.error = (dict(facts) if facts is not None else None), error
                row.answered_at = answered_at


def forget_old(db: Database, company_id: str, now: datetime) -> int:
    """Drop what nobody has asked for a day; answer how many."""
    with db.write() as session:
        old = delete(AvailabilityQuestion).where(
            AvailabilityQuestion.company_id == company_id, AvailabilityQuestion.asked_at < now - KEPT
        )
        return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
