"""The bridge's own errors: facts as attributes, a sentence that names the record, the cause and the next step.

    BridgeError
    ├── SettingInvalid          a setting cannot be used as it stands
    ├── NotConfigured           a setting that this command needs is missing
    ├── CompanyUnknown          BC_COMPANY names a company that Business Central does not have
    ├── SchemaOutOfDate         the database has no tables, or older ones than this program
    └── OrderProblem            one order or quote cannot go on (bridge.orders.errors has the family)

Errors of the two remote systems live beside the wire, in ``bridge.clients.errors``.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of all errors a person may read. ``advice`` is the next step; ``heals_by_itself`` says whether to wait."""

    code = "BridgeError"
    heals_by_itself = False

    def __init__(self, text: str, *, advice: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.text} {self.advice}".strip()


class SettingInvalid(BridgeError):
    """A setting has a value that cannot be used. Holds its name, never its value: it may be a secret."""

    code = "SettingInvalid"

    def __init__(self, name: str, *, problem: str, expected: str) -> None:
        super().__init__(f"{name}: {problem}.", advice=f"Expected {expected}; see docs/settings.md.")
        self.name = name


class NotConfigured(BridgeError):
    code = "NotConfigured"

    def __init__(self, *names: str) -> None:
        super().__init__(
            f"Not set: {', '.join(names)}.", advice="Set it in the environment; docs/settings.md says what it holds."
        )
        self.names = names


class CompanyUnknown(BridgeError):
    code = "CompanyUnknown"

    def __init__(self, wanted: str, known: list[str]) -> None:
        super().__init__(
            f'Business Central has no company "{wanted}".',
            advice=f"Names are case-sensitive. It has: {', '.join(known) or 'none that this sign-in may see'}.",
        )
        self.wanted = wanted


class SchemaOutOfDate(BridgeError):
    code = "SchemaOutOfDate"

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(
            f"The database is at {found or 'no version'}, this program needs {wanted}.",
            advice="Run: python -m bridge.store upgrade",
        )
