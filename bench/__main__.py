"""``python -m bench [NAME [OPTIONS]]``: one measurement by its name, or, without a name, all of make bench."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench import fuzz, gateway, northwind, orders, random_orders, sandbox, shop_life

_ALL: dict[str, Callable[[Sequence[str]], int]] = {
    "northwind": northwind.main,
    "orders": orders.main,
    "sandbox": sandbox.main,
    "gateway": gateway.main,
    "random-orders": random_orders.main,
    "shop-life": shop_life.main,
    "fuzz": fuzz.main,
}
_USUAL: dict[str, list[str]] = {
    "northwind": [],
    "orders": [],
    "sandbox": ["--short"],
    "gateway": [],
    "random-orders": [],
}
"""What runs when nothing is named, with what options; shop-life and fuzz take many minutes more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a promise was missed, 2 for a name there is not."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] in _ALL:
        return _ALL[given[0]](given[1:])
    if given:
        print(f"python -m bench: no measurement {given[0]!r}; there are {', '.join(_ALL)}.", file=sys.stderr)
        return 2
    missed = []
    for name, options in _USUAL.items():
        print(f"\n== python -m bench {name}", flush=True)
        if _ALL[name](options):
            missed.append(name)
    print(
        f"\nMissed a promise, or could not be measured: {', '.join(missed)}." if missed else "\nEvery promise is kept."
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
