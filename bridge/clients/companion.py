"""The companion's procedures: release, reopen, whole orders in one call, what API v2.0 does not offer.

They are an OData web service named ``SalesBridge``; parameters and answers are text that holds JSON, so that the
surface stays the same across versions. Every procedure is safe to repeat, so a lost answer is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast

from bridge.clients.bc_requests import write
from bridge.clients.errors import CompanionMissing, NotFound, RemoteError
from bridge.clients.odata import Row, from_json, in_option, read_row, to_json
from bridge.clients.transport import Effect, Transport
from bridge.records import Company, guid

Answer = TypeVar("Answer")

SERVICE = "SalesBridge"
ORDERS_PER_CALL = 50
"""The most that one CreateSalesOrders takes."""

_WITH_QUOTES = (1, 1)
_NO_SUCH_RECORD = frozenset({"Internal_RecordNotFound", "Internal_DataNotFoundFilter", "Internal_CompanyNotFound"})


@dataclass(frozen=True, slots=True)
class ShippingAgent:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class BridgeSetup:
    """How this company is set up, as far as the bridge must know. Codes and numbers are empty where none is set."""

    companion_version: str
    company_id: str
    company_name: str
    lcy_code: str
    unit_amount_rounding: Decimal
    write_in_product_type: str
    write_in_product_number: str
    freight_account_number: str
    calc_invoice_discount: bool
    archive_orders: bool
    archive_quotes: str
    unit_groups_enabled: bool
    extended_prices_enabled: bool
    bidirectional_orders: bool
    default_price_list_code: str
    shipping_agents: tuple[ShippingAgent, ...]

    @property
    def knows_quotes(self) -> bool:
        """Whether this companion creates quotes and finds them by reference. An older one refuses what it does not
        know."""
        return tuple(int(part) for part in self.companion_version.split(".") if part.isdigit()) >= _WITH_QUOTES


@dataclass(frozen=True, slots=True)
class CreatedLine:
    """A line as Business Central made it. Money in the document's currency, ``net_amount`` after the line discount."""

    line_number: int
    id: str
    object_number: str
    quantity: Decimal
    unit_price: Decimal
    discount_amount: Decimal
    net_amount: Decimal


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    """An order or quote that is in Business Central now. ``existed``: it was there before. ``status`` is the real one;
    ``release_error`` says why it is not Released, in Business Central's words."""

    order_id: str
    order_number: str
    status: str
    existed: bool
    release_error: str
    lines: tuple[CreatedLine, ...]


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """An order, quote or note that Business Central would not take, and why; the others of the same call stand."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document, open or posted, that carries a reference. ``document_type``: Order, Quote, Posted Invoice, Posted
    Shipment."""

    document_type: str
    number: str
    id: str
    status: str
    quote_number: str
    order_number: str
    customer_number: str


class Companion:
    """The procedures for one company. Each raises CompanionMissing where the companion does not answer."""

    def __init__(self, transport: Transport, company: Company) -> None:
        self.transport = transport
        self.company = company

    def bridge_setup(self) -> BridgeSetup:
        """How the company is set up; also the question that tells whether the companion is there."""
        return self._ask("GetBridgeSetup", {}, _setup, purpose="read bridge setup", effect=Effect.READS)

    def active_row_version(self) -> int:
        """The lowest row version still open: rows below it are final."""
        return self._ask("ActiveRowVersion", {}, int, purpose="read row version", effect=Effect.READS)

    def create_sales_orders(self, requests: Sequence[Mapping[str, Any]]) -> list[CreatedOrder | RefusedOrder]:
        """Create and release up to 50 orders; one result for each, in their order.

        Safe to repeat: an order with the same reference and customer is found, not made again. Raises ValueError for
        more than 50.
        """
        return self._create("CreateSalesOrders", requests, purpose="create orders")

    def create_sales_quotes(self, requests: Sequence[Mapping[str, Any]]) -> list[CreatedOrder | RefusedOrder]:
        """Create up to 50 quotes, or fill those anew that a revision replaces; one result for each, in their order.

        Safe to repeat: a quote that was filled from the same quote of Sales is found, and left as it is. Raises
        ValueError for more than 50.
        """
        return self._create("CreateSalesQuotes", requests, purpose="create quotes")

    def release_sales_quotes(self, quote_ids: Sequence[str]) -> dict[str, str]:
        """Put these quotes to Released, whatever is in them: id → real status. Those that are gone are left out."""
        if not quote_ids:
            return {}

        def statuses(text: str) -> dict[str, str]:
            return {guid(_text(row, "id")): _text(row, "status") for row in _rows(text) if _text(row, "status")}

        return self._ask(
            "ReleaseSalesQuotes",
            {"quoteIds": to_json(list(quote_ids))},
            statuses,
            purpose="release quotes",
            operations=len(quote_ids),
        )

    def set_order_header(self, order_id: str, fields: Mapping[str, Any]) -> str:
        """Set fields of an order that API v2.0 does not have; answers its real status. A quote that is named for the
        first time is kept in the archive."""
        parameters = {"orderId": order_id, "fields": to_json(dict(fields))}
        return self._ask("SetOrderHeader", parameters, str, purpose="set order header")

    def _create(
        self, procedure: str, requests: Sequence[Mapping[str, Any]], *, purpose: str
    ) -> list[CreatedOrder | RefusedOrder]:
        if len(requests) > ORDERS_PER_CALL:
            raise ValueError(f"one call takes at most {ORDERS_PER_CALL} documents, not {len(requests)}")
        if not requests:
            return []

        def results(text: str) -> list[CreatedOrder | RefusedOrder]:
            found = [_order_result(row) for row in _rows(text)]
            if len(found) != len(requests):
                raise ValueError(f"{len(requests)} documents were sent, {len(found)} answered")
            return found

        return self._ask(
            procedure,
            {"requests": to_json([dict(request) for request in requests])},
            results,
            purpose=purpose,
            operations=len(requests),
        )

    def release_sales_order(self, order_id: str) -> str:
        """Release an order; answers its real status. Releasing a Released order changes nothing."""
        return self._ask("ReleaseSalesOrder", {"orderId": order_id}, str, purpose="release order")

    def reopen_sales_order(self, order_id: str) -> str:
        """Bring an order back to Open; answers its real status."""
        return self._ask("ReopenSalesOrder", {"orderId": order_id}, str, purpose="reopen order")

    def find_order_by_reference(self, reference: str, customer_number: str) -> list[FoundDocument]:
        """Every order, quote, posted invoice and posted shipment of this customer with this "your reference"."""
        return self._ask(
            "FindOrderByReference",
            {"reference": reference, "customerNo": customer_number},
            lambda text: [_document(row) for row in _rows(text)],
            purpose="find order by reference",
            effect=Effect.READS,
        )

    def write_order_notes(self, notes: Sequence[Mapping[str, Any]]) -> list[str | RefusedOrder]:
        """Write up to 50 notes, those with an ``id`` over what is there; the id of each in their order, or why not."""
        if not notes:
            return []

        def results(text: str) -> list[str | RefusedOrder]:
            found = [_written_note(row) for row in _rows(text)]
            if len(found) != len(notes):
                raise ValueError(f"{len(notes)} notes were sent, {len(found)} answered")
            return found

        return self._ask(
            "WriteOrderNotes",
            {"notes": to_json([dict(note) for note in notes])},
            results,
            purpose="write notes",
            operations=len(notes),
        )

    def list_order_notes(self, since: str) -> list[Row]:
        """Notes that people wrote on sales documents or changed since a moment; blank for all."""
        return self._ask("ListOrderNotes", {"since": since}, _rows, purpose="list notes", effect=Effect.READS)

    def calculate_availability(self, questions: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The official available-to-promise of each place: one object of terms for each question, in their order."""
        if not questions:
            return []

        def results(text: str) -> list[Row]:
            found = _rows(text)
            if len(found) != len(questions):
                raise ValueError(f"{len(questions)} questions were sent, {len(found)} answered")
            return found

        return self._ask(
            "CalculateAvailability",
            {"request": to_json([dict(question) for question in questions])},
            results,
            purpose="calculate availability",
            effect=Effect.READS,
        )

    def _ask(
        self,
        procedure: str,
        parameters: Mapping[str, str],
        understand: Callable[[str], Answer],
        *,
        purpose: str,
        effect: Effect = Effect.REPEATABLE,
        operations: int = 1,
    ) -> Answer:
        """Call one procedure and make sense of the text it answers; nonsense counts as a lost answer."""
        call = write(
            "POST",
            f"ODataV4/{SERVICE}_{procedure}",
            dict(parameters),
            purpose=purpose,
            effect=effect,
            query=f"company={in_option(self.company.id)}",
            operations=operations,
        )
        try:
            return cast(Answer, self.transport.send(call, lambda headers, content: understand(_value(content))).body)
        except NotFound as error:
            if error.code in _NO_SUCH_RECORD:
                raise
            raise companion_missing(error) from None


def companion_missing(error: RemoteError) -> CompanionMissing:
    """The same failure, told as what it means where the companion was asked."""
    return error.restated(CompanionMissing)


def _value(content: bytes) -> str:
    """The text a procedure answers, out of OData's wrapping."""
    value = read_row({}, content).get("value")
    if not isinstance(value, str):
        raise ValueError('expected a text named "value"')
    return value


def _rows(text: str) -> list[Row]:
    rows = from_json(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected a list of JSON objects")
    return rows


def _number(row: Row, name: str) -> Decimal:
    """A number, which may come as JSON number or as decimal text."""
    try:
        return Decimal(str(row[name]))
    except (KeyError, InvalidOperation):
        raise ValueError(f"{name} is missing or no number") from None


def _text(row: Row, name: str) -> str:
    return str(row.get(name) or "")


def _setup(text: str) -> BridgeSetup:
    row = from_json(text)
    if not isinstance(row, dict):
        raise ValueError("expected a JSON object")
    agents = [agent for agent in row.get("shippingAgents") or [] if isinstance(agent, dict)]
    return BridgeSetup(
        companion_version=_text(row, "companionVersion"),
        company_id=guid(_text(row, "companyId")),
        company_name=_text(row, "companyName"),
        lcy_code=_text(row, "lcyCode"),
        unit_amount_rounding=_number(row, "unitAmountRounding"),
        write_in_product_type=_text(row, "writeInProductType"),
        write_in_product_number=_text(row, "writeInProductNo"),
        freight_account_number=_text(row, "freightGLAccountNo"),
        calc_invoice_discount=bool(row.get("calcInvoiceDiscount")),
        archive_orders=bool(row.get("archiveOrders")),
        archive_quotes=_text(row, "archiveQuotes"),
        unit_groups_enabled=bool(row.get("unitGroupsEnabled")),
        extended_prices_enabled=bool(row.get("extendedPricesEnabled")),
        bidirectional_orders=bool(row.get("bidirectionalOrders")),
        default_price_list_code=_text(row, "defaultPriceListCode"),
        shipping_agents=tuple(ShippingAgent(_text(agent, "code"), _text(agent, "name")) for agent in agents),
    )


def _order_result(row: Row) -> CreatedOrder | RefusedOrder:
    error = row.get("error")
    if isinstance(error, dict):
        return RefusedOrder(_text(error, "code"), _text(error, "message"))
    return CreatedOrder(
        order_id=guid(_text(row, "orderId")),
        order_number=_text(row, "orderNo"),
        status=_text(row, "status"),
        existed=bool(row.get("existed")),
        release_error=_text(row, "releaseError"),
        lines=tuple(_line(line) for line in row.get("lines") or []),
    )


def _written_note(row: Row) -> str | RefusedOrder:
    error = row.get("error")
    if isinstance(error, dict):
        return RefusedOrder(_text(error, "code"), _text(error, "message"))
    if not _text(row, "id"):
        raise ValueError("a written note has no id")
    return _text(row, "id")


def _line(row: Row) -> CreatedLine:
    return CreatedLine(
        line_number=int(_number(row, "lineNo")),
        id=guid(_text(row, "id")),
        object_number=_text(row, "lineObjectNumber"),
        quantity=_number(row, "quantity"),
        unit_price=_number(row, "unitPrice"),
        discount_amount=_number(row, "discountAmount"),
        net_amount=_number(row, "netAmount"),
    )


def _document(row: Row) -> FoundDocument:
    return FoundDocument(
        document_type=_text(row, "documentType"),
        number=_text(row, "no"),
        id=guid(_text(row, "id")),
        status=_text(row, "status"),
        quote_number=_text(row, "quoteNo"),
        order_number=_text(row, "orderNo"),
        customer_number=_text(row, "customerNo"),
    )
