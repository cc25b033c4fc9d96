"""OData query options for both stand-ins: text to tree, tree to a test on one row.

What the two systems have in common lives here: words, literals, precedence, nested ``$expand``. What they disagree
about (case, null, ``or`` across fields) is said by a :class:`Dialect`. Which properties exist and what they hold is
asked of the caller, who also decides how a :class:`QueryRefused` reads on the wire.
"""

from sandbox.odata.evaluate import compile_filter, lower_bound, required_values
from sandbox.odata.options import Expand, Options, parse_options, split
from sandbox.odata.parse import parse_filter
from sandbox.odata.tree import (
    BUSINESS_CENTRAL,
    BUSINESS_CENTRAL_2_1,
    DATAVERSE,
    All,
    Compare,
    Dialect,
    Fault,
    Kind,
    KindOf,
    Named,
    Node,
    Not,
    Operand,
    Quantified,
    QueryRefused,
    Some,
    Value,
    paths,
)

__all__ = [
    "BUSINESS_CENTRAL",
    "BUSINESS_CENTRAL_2_1",
    "DATAVERSE",
    "All",
    "Compare",
    "Dialect",
    "Expand",
    "Fault",
    "Kind",
    "KindOf",
    "Named",
    "Node",
    "Not",
    "Operand",
    "Options",
    "Quantified",
    "QueryRefused",
    "Some",
    "Value",
    "compile_filter",
    "lower_bound",
    "parse_filter",
    "parse_options",
    "paths",
    "required_values",
    "split",
]
