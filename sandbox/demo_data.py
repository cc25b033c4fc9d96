"""The company the sandbox starts with: Tindvika Handel AS, outdoor and workshop supplies, all of it invented.

It holds one of everything that matters to the bridge: items without stock, with stock on its way, blocked; a blocked
customer; an order that waits for a person to mend a country; orders and quotes in every state. Dates count from
``today``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from sandbox.company import Address, CompanyData, Customer, Item, Order, OrderLine, Resource, Salesperson, Unit

FIRST_DAY = date(2026, 3, 2)
WRITE_IN = "WRITE-IN"
VAT = Decimal(25)

_UNITS = (
    ("PCS", "Piece"),
    ("PAIR", "Pair"),
    ("SET", "Set"),
    ("BOX", "Box"),
    ("ROLL", "Roll"),
    ("M", "Metre"),
    ("KG", "Kilogram"),
    ("L", "Litre"),
    ("HOUR", "Hour"),
    ("DAY", "Day"),
)

# number, name, unit, price, cost, stock
_ITEMS = (
    ("TENT-LEI-2", "Tent Lei, two persons, three seasons", "PCS", "3490", "1890", 24),
    ("TENT-LEI-4", "Tent Lei, four persons, tunnel", "PCS", "5990", "3120", 11),
    ("TENT-VIDDA-3", "Tent Vidda, three persons, winter", "PCS", "7990", "4410", 0),
    ("TENT-PEG-20", "Tent pegs, aluminium, bag of 20", "SET", "249", "88", 140),
    ("TARP-3X4", "Tarpaulin 3 x 4 m, moss green", "PCS", "890", "402", 37),
    ("SLEEP-DOWN-8", "Sleeping bag, down, -8 °C", "PCS", "3290", "1740", 18),
    ("SLEEP-SYN-2", "Sleeping bag, synthetic, +2 °C", "PCS", "1290", "610", 52),
    ("MAT-FOAM", "Sleeping mat, folded foam", "PCS", "349", "120", 96),
    ("MAT-AIR", "Sleeping mat, inflatable, insulated", "PCS", "1190", "540", 0),
    ("PACK-45", "Rucksack Skar, 45 litres", "PCS", "1690", "815", 33),
    ("PACK-70", "Rucksack Skar, 70 litres", "PCS", "2190", "1070", 15),
    ("PACK-RAIN", "Rain cover for rucksacks", "PCS", "249", "74", 120),
    ("BOOT-MYR-42", "Boots Myr, leather, size 42", "PAIR", "2390", "1250", 9),
    ("BOOT-MYR-44", "Boots Myr, leather, size 44", "PAIR", "2390", "1250", 6),
    ("GLOVE-WOOL", "Gloves, felted wool", "PAIR", "399", "150", 210),
    ("GLOVE-WORK-10", "Work gloves, goatskin, size 10", "PAIR", "129", "48", 640),
    ("GAITER-L", "Gaiters, size L", "PAIR", "549", "231", 44),
    ("SKI-FJELL-190", "Mountain skis Fjell, 190 cm", "PAIR", "4290", "2380", 0),
    ("SKI-SKIN-190", "Climbing skins for skis of 190 cm", "PAIR", "1290", "590", 13),
    ("STOVE-GAS", "Gas stove, folding", "PCS", "690", "282", 58),
    ("STOVE-MULTI", "Multi-fuel stove with pump", "PCS", "1890", "930", 7),
    ("GAS-230", "Gas cartridge, 230 g", "PCS", "79", "31", 860),
    ("POT-SET-3", "Pot set, three parts, anodised", "SET", "790", "345", 26),
    ("FLASK-1L", "Vacuum flask, 1 litre", "PCS", "449", "188", 74),
    ("LAMP-HEAD-400", "Head lamp, 400 lumen, rechargeable", "PCS", "699", "290", 88),
    ("KNIFE-TURI", "Knife Turi, birch handle", "PCS", "590", "241", 41),
    ("AXE-CAMP", "Camp axe, 700 g, forged", "PCS", "990", "455", 17),
    ("SAW-FOLD", "Folding saw, 21 cm", "PCS", "379", "149", 63),
    ("ROPE-10-60", "Climbing rope 10 mm, 60 m", "PCS", "1990", "980", 12),
    ("ROPE-STATIC-11", "Static rope 11 mm, by the metre", "M", "28.50", "11.20", 1450),
    ("CORD-3", "Accessory cord 3 mm, by the metre", "M", "6.90", "2.15", 3200),
    ("STRAP-RATCHET", "Ratchet strap 5 m, 2,000 kg", "PCS", "189", "72", 230),
    ("PULK-150", "Pulk with shafts, 150 cm", "PCS", "6490", "3650", 3),
    ("OIL-CHAIN", "Chain oil, biodegradable", "L", "89", "34", 415),
    ("OIL-2T", "Two-stroke oil", "L", "129", "52", 268),
    ("WAX-BEES", "Beeswax for leather and wood", "KG", "319", "140", 22.5),
    ("NAIL-60", "Nails 60 mm, galvanised", "KG", "74.50", "28.40", 380),
    ("SCREW-5X80", "Wood screws 5 x 80 mm, box of 200", "BOX", "239", "96", 175),
    ("SCREW-6X120", "Wood screws 6 x 120 mm, box of 100", "BOX", "279", "118", 0),
    ("TAPE-CLOTH", "Cloth tape 50 mm x 50 m", "ROLL", "119", "43", 310),
    ("FOIL-STRETCH", "Stretch film 500 mm", "ROLL", "99", "37", 145),
    ("DRILL-SET-19", "Drill bits 1 to 10 mm, 19 parts", "SET", "649", "270", 48),
    ("SOCKET-SET-94", "Socket set, 94 parts, steel case", "SET", "1490", "702", 19),
    ("GOGGLE-CLEAR", "Safety goggles, clear", "PCS", "99", "36", 420),
    ("EAR-MUFF", "Ear muffs, 31 dB", "PCS", "329", "139", 77),
    ("SHED-KIT-6", "Shed kit 6 m², ready to assemble", "PCS", "24900", "15200", 2),
    ("LANTERN-OLD", "Paraffin lantern, discontinued", "PCS", "459", "205", 5),
)

# item, quantity on purchase orders, days until it comes
_INCOMING = (
    ("TENT-VIDDA-3", 20, 12),
    ("MAT-AIR", 60, 5),
    ("SKI-FJELL-190", 35, 40),
    ("BOOT-MYR-44", 24, 9),
    ("PULK-150", 4, 28),
    ("SCREW-6X120", 200, 3),
)
_AT = {"OIL-CHAIN": "NORTH", "OIL-2T": "NORTH", "PULK-150": "NORTH", "SHED-KIT-6": "NORTH"}

_SALESPEOPLE = (
    Salesperson("AKR", "Astrid Kråkenes", "astrid@tindvika.example"),
    Salesperson("JON", "Jonas Ødegård", "jonas@tindvika.example"),
    Salesperson("MAJ", "Máret Jovnna", "maret@tindvika.example"),
    Salesperson("PEL", "Pelle Lindgren", "pelle@tindvika.example"),
)

# number, name, street, post code, city, country, salesperson, terms, shipment method, currency
_CUSTOMERS = (
    ("10100", "Fjellhandel Otta AS", "Storgata 14", "2670", "Otta", "NO", "AKR", "NET30", "FOB", ""),
    ("10110", "Kystbua Sport", "Kaien 3", "6300", "Åndalsnes", "NO", "AKR", "NET30", "FOB", ""),
    ("10120", "Trebygg Sunnmøre AS", "Industriveien 9", "6150", "Ørsta", "NO", "JON", "NET45", "NOCHARGE", ""),
    ("10130", "Elvebredden Camping", "Elveveien 101", "7374", "Røros", "NO", "JON", "NET30", "NOCHARGE", ""),
    ("10140", "Isfjord Ekspedisjoner AS", "Vei 500 nr. 2", "9170", "Longyearbyen", "NO", "MAJ", "NET60", "FOB", ""),
    ("10150", "Varanger Hundekjøring", "Strandveien 77", "9800", "Vadsø", "NO", "MAJ", "NET30", "FOB", ""),
    ("10160", "Fossli Gard", "Fosslivegen 2", "5783", "Eidfjord", "NO", "AKR", "NET30", "FOB", ""),
    ("10170", "Verkstedhuset Drammen AS", "Havnegata 60", "3040", "Drammen", "NO", "JON", "NET45", "NOCHARGE", ""),
    ("10180", "Gråsteinen Byggevare", "Torget 1", "2500", "Tynset", "NO", "JON", "NET30", "FOB", ""),
    ("20100", "Fjällboden i Åre AB", "Torggatan 8", "837 52", "Åre", "SE", "PEL", "NET30", "FOB", "SEK"),
    ("20110", "Skogsverktyg Umeå AB", "Kungsgatan 88", "903 30", "Umeå", "SE", "PEL", "NET45", "FOB", "SEK"),
    ("30100", "Klitten Friluft ApS", "Havnevej 21", "9990", "Skagen", "DK", "PEL", "NET30", "NOCHARGE", "EUR"),
    ("40100", "Bergwelt Ausrüster GmbH", "Am Anger 5", "83471", "Berchtesgaden", "DE", "PEL", "NET60", "FOB", "EUR"),
    ("50100", "Saimaan Erätarvike Oy", "Satamatie 4", "53100", "Lappeenranta", "FI", "MAJ", "NET30", "FOB", "EUR"),
)
_BLOCKED_CUSTOMER = "10180"
_ONLY_IN_BC = "50100"


def demo_company(today: date = FIRST_DAY) -> CompanyData:
    """The demo company as of ``today``; the same values for the same day."""
    return CompanyData(
        name="Tindvika Handel AS",
        local_currency="NOK",
        units=tuple(Unit(*unit) for unit in _UNITS),
        items=_items(today),
        resources=(
            Resource("FIT-BOOT", "Boot fitting", "HOUR", Decimal(650)),
            Resource("REPAIR", "Repair in our workshop", "HOUR", Decimal(890)),
            Resource("ASSEMBLY", "Assembly at the customer's", "HOUR", Decimal(1150)),
            Resource("GUIDE-DAY", "Mountain guide, one day", "DAY", Decimal(6200)),
        ),
        salespeople=_SALESPEOPLE,
        customers=tuple(_customer(*row) for row in _CUSTOMERS),
        orders=_orders(today) + _quotes(today),
        payment_terms=(
            ("NET30", "Net 30", "30D"),
            ("2-10NET30", "2% 10, Net 30", "30D"),
            ("NET45", "Net 45", "45D"),
            ("NET60", "Net 60", "60D"),
            ("CASH", "Cash on delivery", "0D"),
        ),
        shipment_methods=(("FOB", "FOB"), ("NOCHARGE", "No Charge"), ("PICKUP", "Collected by the customer")),
        shipping_agents=(
            ("AIRBORNE", "Airborne"),
            ("DHL", "DHL"),
            ("FEDEX", "FedEx"),
            ("UPS", "UPS"),
            ("POST", "Postal Mail"),
            ("FULLLOAD", "Full Load"),
            ("WILLCALL", "Will Call"),
        ),
        countries=(
            ("NO", "Norway"),
            ("SE", "Sweden"),
            ("DK", "Denmark"),
            ("FI", "Finland"),
            ("IS", "Iceland"),
            ("DE", "Germany"),
            ("NL", "Netherlands"),
            ("GB", "United Kingdom"),
        ),
        currencies=(
            ("EUR", "Euro", Decimal("11.62")),
            ("SEK", "Swedish krona", Decimal("1.04")),
            ("DKK", "Danish krone", Decimal("1.56")),
            ("USD", "US dollar", Decimal("10.71")),
        ),
        locations=(("MAIN", "Warehouse Tindvika"), ("NORTH", "Warehouse Alta")),
        write_in_item=WRITE_IN,
    )


def _items(today: date) -> tuple[Item, ...]:
    incoming = {number: (Decimal(quantity), today + timedelta(days=days)) for number, quantity, days in _INCOMING}
    items = []
    for number, name, unit, price, cost, stock in _ITEMS:
        item = Item(
            number=number,
            name=name,
            unit=unit,
            price=Decimal(price),
            cost=Decimal(cost),
            stock=Decimal(str(stock)),
            location=_AT.get(number, "MAIN"),
            blocked=number == "LANTERN-OLD",
            vat_percent=VAT,
        )
        if number in incoming:
            item = replace(item, incoming=incoming[number][0], incoming_date=incoming[number][1])
        items.append(item)
    nothing = Decimal(0)
    items.append(
        Item("BOAT-HIRE", "Rowing boat, hired by the day", "DAY", Decimal(450), Decimal(90), nothing, in_sales=False)
    )
    items.append(
        Item(WRITE_IN, "Goods as described", "PCS", nothing, nothing, nothing, vat_percent=VAT, in_sales=False)
    )
    return tuple(items)


def _customer(
    number: str,
    name: str,
    street: str,
    post_code: str,
    city: str,
    country: str,
    salesperson: str,
    terms: str,
    method: str,
    currency: str,
) -> Customer:
    return Customer(
        number=number,
        name=name,
        address=Address(line1=street, city=city, post_code=post_code, country=country),
        phone=f"+47 900 {number[:2]} {number[2:]}",
        email=f"orders@{number}.example",
        contact="Purchasing",
        salesperson=salesperson,
        payment_terms=terms,
        shipment_method=method,
        currency=currency,
        blocked="All" if number == _BLOCKED_CUSTOMER else "",
        vat_bus_group="DOMESTIC" if country == "NO" else "EXPORT",
        in_sales=number != _ONLY_IN_BC,
    )


_PRICES = {number: Decimal(price) for number, _, _, price, _, _ in _ITEMS} | {
    "FIT-BOOT": Decimal(650),
    "REPAIR": Decimal(890),
    "ASSEMBLY": Decimal(1150),
    "GUIDE-DAY": Decimal(6200),
}


def _line(item: str, quantity: str | int, discount: str | int = 0, price: str = "") -> OrderLine:
    return OrderLine(item, Decimal(quantity), Decimal(price) if price else _PRICES[item], Decimal(discount))


def _write_in(text: str, quantity: int, price: str) -> OrderLine:
    return OrderLine("", Decimal(quantity), Decimal(price), text=text)


def _orders(today: date) -> tuple[Order, ...]:
    in_days = {days: today + timedelta(days=days) for days in (3, 7, 14, 30)}
    return (
        Order(
            "SO-1001",
            "Spring window",
            "10100",
            (_line("TENT-LEI-2", 4), _line("SLEEP-SYN-2", 6, discount=300), _line("GAS-230", 48)),
            state="Submitted",
            salesperson="AKR",
            requested_delivery=in_days[7],
            freight=Decimal(450),
            payment_terms="NET30",
            description="Deliver to the back door before ten.",
        ),
        Order(
            "SO-1002",
            "Rescue team",
            "10140",
            (
                _line("ROPE-STATIC-11", "220.5"),
                _line("PULK-150", 2),
                _write_in("Name plates, engraved brass", 12, "185"),
            ),
            state="Submitted",
            salesperson="MAJ",
            requested_delivery=in_days[14],
            freight=Decimal("1290.50"),
            discount_percent=Decimal(5),
        ),
        Order(
            "SO-1003",
            "Workshop, second floor",
            "10170",
            (
                _line("SOCKET-SET-94", 3),
                _line("DRILL-SET-19", 5, discount="162.25"),
                _line("ASSEMBLY", "2.5"),
                _line("NAIL-60", "12.75"),
            ),
            state="Submitted",
            salesperson="JON",
            discount_amount=Decimal(500),
            payment_terms="NET45",
        ),
        Order(
            "SO-1004",
            "Cabins, new roofs",
            "10160",
            (_line("SCREW-5X80", 10), _line("TARP-3X4", 2)),
            state="Submitted",
            salesperson="AKR",
            ship_to=Address("Fosslivegen 2", "", "Eidfjord", "5783", "", "Vestland, Noreg"),
            description="Waits for a person: the country of the delivery address is not one Business Central knows.",
        ),
        Order(
            "SO-1005",
            "Fence at the quarry",
            "10180",
            (_line("STRAP-RATCHET", 8), _line("GLOVE-WORK-10", 20)),
            state="Submitted",
            salesperson="JON",
            description="Waits for a person: Business Central has blocked the customer.",
        ),
        Order(
            "SO-1006",
            "Sommarsortiment",
            "20100",
            (_line("PACK-45", 10, price="1625"), _line("LAMP-HEAD-400", 20, price="672.12")),
            state="Submitted",
            salesperson="PEL",
            currency="SEK",
            freight=Decimal(820),
            ship_to=Address("Lagervägen 1", "Port 4", "Åre", "837 52", "", "Sweden"),
        ),
        Order("SO-1007", "Season opening", "10130", (_line("MAT-FOAM", 30), _line("FLASK-1L", 12))),
        Order(
            "SO-1008",
            "Dog sleds",
            "10150",
            (_line("CORD-3", 400), _line("WAX-BEES", "2.5"), _line("REPAIR", 3)),
            salesperson="MAJ",
            requested_delivery=in_days[30],
            freight=Decimal(390),
        ),
        Order("SO-1009", "Boat house", "10120", (_line("SHED-KIT-6", 1),), state="Canceled", salesperson="JON"),
        Order("SO-0991", "Winter stock", "10110", (_line("GLOVE-WOOL", 40),), state="Fulfilled", salesperson="AKR"),
        Order("SO-0990", "Autumn stock", "10100", (_line("STOVE-GAS", 12),), state="Invoiced", salesperson="AKR"),
    )


def _quotes(today: date) -> tuple[Order, ...]:
    return (
        Order("QU-2001", "School camp", "10130", (_line("TENT-LEI-4", 6), _line("GUIDE-DAY", 2)), "Draft", "quote"),
        Order(
            "QU-2002",
            "Tools for the yard",
            "10120",
            (_line("AXE-CAMP", 4), _line("SAW-FOLD", 10, discount=190)),
            "Active",
            "quote",
            salesperson="JON",
            requested_delivery=today + timedelta(days=21),
        ),
        Order(
            "QU-2003",
            "Bergsommer",
            "40100",
            (_line("ROPE-10-60", 8, price="171.25"), _line("PACK-RAIN", 40, price="21.40")),
            "Won",
            "quote",
            salesperson="PEL",
            currency="EUR",
            discount_percent=Decimal(3),
        ),
        Order("QU-2004", "Kayak racks", "10110", (_line("STRAP-RATCHET", 24),), "Lost", "quote", salesperson="AKR"),
    )
