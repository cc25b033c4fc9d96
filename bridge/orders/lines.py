"""Sales order lines become Business Central lines: product to type and number, values, texts, freight. Pure.

Every new line, main or text, takes the next number, 10000 apart; texts are attached to their main line, so that they
go when somebody deletes that one in Business Central.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from bridge.orders.document import ORDER, Document
from bridge.orders.errors import (
    FreightAccountMissing,
    FreightWithoutLines,
    OrderProblem,
    ProductNotActive,
    ProductNotCoupled,
    ProductTypeNotServed,
    QuantityZero,
    UnitNotCoupled,
    WriteInCoupled,
    WriteInNotSetUp,
)
from bridge.orders.lookups import Lookups, Partner
from bridge.orders.request import ZERO, LineType, OrderLine
from bridge.orders.texts import DESCRIPTION_LENGTH, pieces, text_lines

LINE_STEP = 10000
_ACTIVE = 0
_INVENTORY, _SERVICE = 1, 3
_LAST = 2**31


def decimal_of(row: Mapping[str, Any], name: str) -> Decimal:
    """A number of a Sales row, exact; empty counts as zero."""
    value = row.get(name)
    return ZERO if value is None else Decimal(str(value))


def text_of(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def id_of(row: Mapping[str, Any], name: str) -> str:
    """A record id of a Sales row in our one form, or blank."""
    return text_of(row, name).lower()


def in_order(lines: Sequence[Mapping[str, Any]], document: Document = ORDER) -> list[Mapping[str, Any]]:
    """As the seller sees them; lines without a sequence number come last."""

    def place(line: Mapping[str, Any]) -> tuple[int, int, str]:
        sequence, item = line.get("sequencenumber"), line.get("lineitemnumber")
        return (
            _LAST if sequence is None else int(sequence),
            _LAST if item is None else int(item),
            id_of(line, document.line_id),
        )

    return sorted(lines, key=place)


def translate_lines(
    order: Mapping[str, Any], number: str, lookups: Lookups, document: Document = ORDER
) -> tuple[list[OrderLine], list[OrderProblem]]:
    """All lines of the order or quote, freight last, and everything that is wrong with them."""
    made: list[OrderLine] = []
    problems: list[OrderProblem] = []
    numbers = count(LINE_STEP, LINE_STEP)
    rows = in_order(order.get(document.lines) or [], document)
    for position, row in enumerate(rows, start=1):
        try:
            main = _main_line(row, number, position, next(numbers), lookups, document)
        except OrderProblem as problem:
            problems.append(problem)
            continue
        made.append(main)
        made.extend(
            OrderLine(next(numbers), LineType.COMMENT, description=text, attached_to=main.number)
            for text in _attached_texts(row, main, lookups, document)
        )
    freight = decimal_of(order, "freightamount")
    if freight > 0 and not rows:
        problems.append(FreightWithoutLines(number))
    elif freight > 0 and not lookups.rules.freight_account:
        problems.append(FreightAccountMissing(number))
    elif freight > 0:
        account = lookups.rules.freight_account
        made.append(OrderLine(next(numbers), LineType.ACCOUNT, account, quantity=Decimal(1), unit_price=freight))
    return made, problems


def _main_line(
    row: Mapping[str, Any], order: str, position: int, line_number: int, lookups: Lookups, document: Document
) -> OrderLine:
    quantity = decimal_of(row, "quantity")
    unit_code = description = ""
    is_product = bool(id_of(row, "_productid_value"))
    if is_product:
        product: Mapping[str, Any] = row.get("productid") or {}
        kind, partner = _partner(row, product, order, position, lookups)
        unit_code = _unit_code(row, product, order, position, lookups)
        object_number = partner.number
    else:
        kind, object_number = _write_in(order, position, lookups)
        description = _first_lines(row)[0][:DESCRIPTION_LENGTH]
    if not quantity:
        raise QuantityZero(order, line=position)
    return OrderLine(
        number=line_number,
        type=kind,
        object_number=object_number,
        description=description if description.strip() else "",
        unit_code=unit_code,
        quantity=quantity,
        unit_price=decimal_of(row, "priceperunit"),
        # the volume discount is per unit, the manual one is for the whole line: both are needed
        discount_amount=quantity * decimal_of(row, "volumediscountamount") + decimal_of(row, "manualdiscountamount"),
        sales_line_id=id_of(row, document.line_id) or None,
        may_include_vat=document.may_include_vat and is_product and kind is LineType.ITEM,
    )


def _partner(
    row: Mapping[str, Any], product: Mapping[str, Any], order: str, position: int, lookups: Lookups
) -> tuple[LineType, Partner]:
    product_id = id_of(row, "_productid_value")
    name = product_name(row)
    if not product:
        raise ProductNotCoupled(
            order, line=position, name=name, kind="an item or resource", mapping="ITEM-PRODUCT", id=product_id
        )
    if product.get("statecode") != _ACTIVE:
        raise ProductNotActive(order, line=position, name=name)
    match product.get("producttypecode"):
        case 1:
            kind, couplings, mapping, noun = LineType.ITEM, lookups.items, "ITEM-PRODUCT", "an item"
        case 3:
            kind, couplings, mapping, noun = LineType.RESOURCE, lookups.resources, "RESOURCE-PRODUCT", "a resource"
        case _:
            raise ProductTypeNotServed(order, line=position, name=name)
    partner = couplings.get(product_id)
    if partner is None:
        raise ProductNotCoupled(order, line=position, name=name, kind=noun, mapping=mapping, id=product_id)
    return kind, partner


def product_name(row: Mapping[str, Any]) -> str:
    """What a person would call the line's product: its number, else its name, else its id."""
    product: Mapping[str, Any] = row.get("productid") or {}
    return text_of(product, "productnumber") or text_of(product, "name") or id_of(row, "_productid_value")


def _write_in(order: str, position: int, lookups: Lookups) -> tuple[LineType, str]:
    rules = lookups.rules
    if not rules.write_in_number:
        raise WriteInNotSetUp(order, line=position)
    if rules.write_in_is_coupled:
        raise WriteInCoupled(order, line=position, number=rules.write_in_number)
    return rules.write_in_type, rules.write_in_number


def _unit_code(row: Mapping[str, Any], product: Mapping[str, Any], order: str, position: int, lookups: Lookups) -> str:
    """Blank leaves the unit to Business Central. Without unit groups a product has one unit; selling in another one
    would change what was sold, so it is refused."""
    unit_id = id_of(row, "_uomid_value")
    if lookups.rules.unit_groups and unit_id:
        unit = lookups.units.get(unit_id)
        if unit is not None:
            return unit.number
    elif not unit_id or unit_id == id_of(product, "_defaultuomid_value"):
        return ""
    name = text_of(row.get("uomid") or {}, "name") or unit_id
    raise UnitNotCoupled(order, line=position, unit=name, product=product_name(row), id=unit_id)


def _first_lines(row: Mapping[str, Any]) -> list[str]:
    """The line's text as lines; when its first one is blank, the product description of a write-in takes its place."""
    lines = text_lines(text_of(row, "description"))
    return lines if lines[0].strip() else [*text_lines(text_of(row, "productdescription")), *lines[1:]]


def _attached_texts(row: Mapping[str, Any], main: OrderLine, lookups: Lookups, document: Document) -> Iterator[str]:
    first, *further = _first_lines(row)
    if not id_of(row, "_productid_value"):
        yield from pieces(first[DESCRIPTION_LENGTH:])
    else:
        known: Mapping[str, Any] = row.get("productid") or {}
        repeated = first == lookups.item_names.get(main.object_number, text_of(known, "name"))
        if repeated and not document.repeats_descriptions:
            return  # the text only repeats what the line says already, and then nothing of it is taken over
        yield from pieces(first)
    for line in further:
        yield from pieces(line)
