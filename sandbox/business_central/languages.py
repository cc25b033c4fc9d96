"""What Business Central says in Norwegian. Codes and names of fields stay as they are in every language.

Online the language packs translate captions too; here the messages a user of an integration meets are translated, and
everything else is said in English.
"""

from __future__ import annotations

import re

_NORWEGIAN = ("nb", "no", "nn")
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"Another user has already changed the record\.", "En annen bruker har allerede endret recorden."),
    (r"(.+) must be equal to '(.*)' in (.+)\. Current value is '(.*)'\.",
     r"\1 må være lik '\2' i \3. Gjeldende verdi er '\4'."),
    (r"(.+) must have a value in (.+)\. It cannot be zero or empty\.",
     r"\1 må ha en verdi i \2. Den kan ikke være null eller tom."),
    (r"You cannot (?:Create|Post) this type of document when Customer (\S+) is blocked with type (.+)",
     r"Du kan ikke opprette denne typen dokument når Kunde \1 er sperret med typen \2"),
    (r"The sell-to customer cannot be found\.", "Finner ikke kunden det selges til."),
    (r'A "customerNumber" or a "customerId" must be provided\.', 'Du må angi "customerNumber" eller "customerId".'),
    (r"Item does not exist\.", "Varen finnes ikke."),
    (r"There is nothing to release for the document of type (\S+) with the number (\S+)\.",
     r"Det er ingenting å frigi for dokumentet av typen \1 med nummeret \2."),
    (r"There is nothing to post\.", "Det er ingenting å bokføre."),
    (r"The field (.+) of table (.+) contains a value \((.*)\) that cannot be found in the related table \((.+)\)\.",
     r"Feltet \1 i tabellen \2 inneholder en verdi (\3) som ikke finnes i den relaterte tabellen (\4)."),
    (r"The record in table (.+) already exists\. Identification fields and values: (.+)",
     r"Recorden i tabellen \1 finnes allerede. Identifikasjonsfelter og verdier: \2"),
    (r"The (.+) does not exist\. Identification fields and values: (.+)",
     r"\1 finnes ikke. Identifikasjonsfelter og verdier: \2"),
    (r"The length of the string is (\d+), but it must be less than or equal to (\d+) characters\. Value: (.*)",
     r"Lengden på strengen er \1, men den må være mindre enn eller lik \2 tegn. Verdi: \3"),
    (r"You cannot sell (\S+) (\S+) because the Sales Blocked check box is selected on the \S+ card\.",
     r"Du kan ikke selge \1 \2 fordi det er merket av for Salg sperret på kortet."),
    (r"Please add at least one line item to the estimate\.", "Legg til minst én linje i tilbudet."),
    (r"Inventory cannot be changed during on insert\.", "Lagerbeholdningen kan ikke endres ved innsetting."),
)  # fmt: skip
_COMPILED = tuple((re.compile(english), norwegian) for english, norwegian in _TEXTS)


def say(message: str, accept_language: str) -> str:
    """A message in the first language the header names that is known here; English otherwise."""
    for wanted in accept_language.lower().split(","):
        language = wanted.partition(";")[0].strip().partition("-")[0]
        if language == "en":
            return message
        if language in _NORWEGIAN:
            return _in_norwegian(message)
    return message


def _in_norwegian(message: str) -> str:
    for english, norwegian in _COMPILED:
        if (match := english.fullmatch(message)) is not None:
            return match.expand(norwegian)
    return message
