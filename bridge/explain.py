"""One place that turns any exception into what a person reads: code, sentence, next step, and whether to wait."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clients.errors import RemoteError
from bridge.errors import BridgeError
from bridge.store.database import DatabaseFailed


@dataclass(frozen=True, slots=True)
class Explained:
    """``text`` and ``advice`` are whole sentences. ``foreseen`` is False for a mistake in this program."""

    code: str
    text: str
    advice: str
    heals_by_itself: bool
    foreseen: bool = True

    def __str__(self) -> str:
        return f"{self.text} {self.advice}".strip()


def explain(error: BaseException) -> Explained:
    """Say what happened. Texts of unforeseen errors are not shown: nobody has checked them for secrets."""
    if isinstance(error, BridgeError):
        return Explained(error.code, error.text, error.advice, error.heals_by_itself)
    if isinstance(error, RemoteError):
        return Explained(type(error).__name__, str(error), "", error.can_retry)
    if isinstance(error, DatabaseFailed):
        return Explained(
            type(error).__name__,
            f"The database did not do what was asked ({type(error).__name__}).",
            "Check DATABASE_URL and that the database answers; the log has the details.",
            heals_by_itself=True,
            foreseen=False,
        )
    return Explained(
        type(error).__name__,
        f"This program met something it did not foresee ({type(error).__name__}).",
        "The log has the details; please report them.",
        heals_by_itself=False,
        foreseen=False,
    )
