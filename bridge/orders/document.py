"""Where orders and quotes of Sales differ: names of tables and columns, and a few rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One kind of sales document, by its names in Sales.

    ``lines`` and ``notes`` are the collections a row is read with. ``repeats_descriptions``: a line text that only says
    what the item's description says becomes a text line all the same. ``may_include_vat``: Business Central takes VAT
    out of prices that include it. ``notes_of_files``: a note with a file's size counts as a note.
    """

    noun: str
    entity_set: str
    id: str
    number: str
    lines: str
    line_set: str
    line_id: str
    notes: str
    repeats_descriptions: bool = False
    may_include_vat: bool = True
    notes_of_files: bool = False


ORDER = Document(
    noun="order",
    entity_set="salesorders",
    id="salesorderid",
    number="ordernumber",
    lines="order_details",
    line_set="salesorderdetails",
    line_id="salesorderdetailid",
    notes="SalesOrder_Annotation",
)
QUOTE = Document(
    noun="quote",
    entity_set="quotes",
    id="quoteid",
    number="quotenumber",
    lines="quote_details",
    line_set="quotedetails",
    line_id="quotedetailid",
    notes="Quote_Annotation",
    repeats_descriptions=True,
    may_include_vat=False,
    notes_of_files=True,
)
