"""One order as Business Central shall have it: plain values, and the JSON the companion takes.

Nothing here decides; ``translate`` fills it in. A field left out of the JSON keeps Business Central's own value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bridge.records import cents

ZERO = Decimal(0)


class LineType(StrEnum):
    """What a Business Central line stands for."""

    ITEM = "Item"
    RESOURCE = "Resource"
    ACCOUNT = "Account"
    COMMENT = "Comment"


@dataclass(frozen=True, slots=True)
class OrderAddress:
    """All six parts together: when one is given the others are blanked, so that no half of another address stays."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    post_code: str = ""
    state: str = ""
    country: str = ""

    def to_json(self) -> dict[str, str]:
        return {
            "addressLine1": self.line1,
            "addressLine2": self.line2,
            "city": self.city,
            "postCode": self.post_code,
            "state": self.state,
            "country": self.country,
        }


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One Business Central line. ``discount_amount`` is of the whole line, in the order's currency, without VAT;
    ``sales_line_id`` is empty for lines that Sales does not have (texts, freight). ``may_include_vat``: it is
    the price of a product; where the item's own price includes VAT, Business Central takes that VAT out of this one."""

    number: int
    type: LineType
    object_number: str = ""
    description: str = ""
    unit_code: str = ""
    quantity: Decimal = ZERO
    unit_price: Decimal = ZERO
    discount_amount: Decimal = ZERO
    attached_to: int = 0
    sales_line_id: str | None = None
    may_include_vat: bool = False

    @property
    def amount(self) -> Decimal:
        """What the line comes to, in cents, before the invoice discount and VAT."""
        return cents(self.quantity * self.unit_price) - cents(self.discount_amount)

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"sequence": self.number, "lineType": self.type.value}
        if self.object_number:
            body["lineObjectNumber"] = self.object_number
        if self.description:
            body["description"] = self.description
        if self.attached_to:
            body["attachedToLineNumber"] = self.attached_to
        if self.type is not LineType.COMMENT:
            if self.unit_code:
                body["unitOfMeasureCode"] = self.unit_code
            body |= {"quantity": self.quantity, "unitPrice": self.unit_price, "discountAmount": self.discount_amount}
            if self.may_include_vat:
                body["unitPriceMayIncludeVAT"] = True
        return body


@dataclass(frozen=True, slots=True)
class OrderNote:
    """A note a person wrote on the order, as plain text; ``created_on`` is an ISO 8601 stamp in UTC."""

    subject: str
    body: str
    created_on: str

    def to_json(self) -> dict[str, str]:
        return {"subject": self.subject, "body": self.body, "createdOn": self.created_on}


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A whole order. Blank codes are left to Business Central, which knows the local currency by its code too."""

    sales_id: str
    sales_number: str
    your_reference: str
    customer_id: str
    customer_number: str
    external_document_number: str = ""
    currency_code: str = ""
    requested_delivery_date: str = ""
    payment_terms_code: str = ""
    shipment_method_code: str = ""
    shipping_agent_code: str = ""
    payment_discount_percent: Decimal = ZERO
    work_description: str = ""
    bill_to: OrderAddress | None = None
    ship_to: OrderAddress | None = None
    discount_amount: Decimal = ZERO
    lines: tuple[OrderLine, ...] = ()
    notes: tuple[OrderNote, ...] = ()
    quote_number: str = ""
    """The quote that the order was won by; Business Central then keeps that quote in its archive."""
    quote_reference: str = ""
    """Where we know no such quote: the reference by which Business Central may have one of the same customer."""

    @property
    def can_be_released(self) -> bool:
        """Business Central refuses to release an order that sells nothing."""
        return any(line.type is not LineType.COMMENT and line.quantity for line in self.lines)

    @property
    def expected_total(self) -> Decimal:
        """What the order should come to in Business Central: cents, without VAT, freight and discounts included."""
        return sum((line.amount for line in self.lines), ZERO) - cents(self.discount_amount)

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "yourReference": self.your_reference,
            "customerId": self.customer_id,
            "currencyCode": self.currency_code,
            "paymentDiscountPercent": self.payment_discount_percent,
        }
        given = {
            "externalDocumentNumber": self.external_document_number,
            "requestedDeliveryDate": self.requested_delivery_date,
            "paymentTermsCode": self.payment_terms_code,
            "shipmentMethodCode": self.shipment_method_code,
            "shippingAgentCode": self.shipping_agent_code,
            "workDescription": self.work_description,
            "quoteNumber": self.quote_number,
            "quoteReference": self.quote_reference,
        }
        body |= {name: value for name, value in given.items() if value}
        if self.bill_to is not None:
            body["billTo"] = self.bill_to.to_json()
        if self.ship_to is not None:
            body["shipTo"] = self.ship_to.to_json()
        if self.discount_amount:
            body["discountAmount"] = self.discount_amount
        body["lines"] = [line.to_json() for line in self.lines]
        if self.notes:
            body["notes"] = [note.to_json() for note in self.notes]
        body["release"] = self.can_be_released
        return body
