"""Optional parameters of a request: custom logic to be left out, and a word for those who are told of what it did."""

from __future__ import annotations

from dataclasses import replace

from sandbox.sales.environment import Environment
from sandbox.sales.errors import invalid_argument
from sandbox.sales.http import Call
from sandbox.sales.security import BYPASS_LOGIC, BYPASS_PLUGINS

_LOGIC = ("CustomSync", "CustomAsync")


def asked_by(env: Environment, call: Call) -> Call:
    """The request with its options noted at its caller; 403 without the privilege that leaving logic out needs."""
    bypassed: set[str] = set()
    if call.header("mscrm.bypasscustompluginexecution").lower() == "true":
        for user in call.caller.users:
            env.privileges.demand_named(user, BYPASS_PLUGINS)
        bypassed.add("CustomSync")
    named = call.header("mscrm.bypassbusinesslogicexecution")
    if named:
        for user in call.caller.users:
            env.privileges.demand_named(user, BYPASS_LOGIC)
        bypassed |= {name.strip() for name in named.split(",")}
        unknown = sorted(bypassed - set(_LOGIC))
        if unknown:
            raise invalid_argument(f"'{unknown[0]}' is not a valid value for BypassBusinessLogicExecution.")
    tag = call.options.get("tag", "") if "tag=" in call.query else ""
    if bypassed == call.caller.bypassed and tag == call.caller.tag:
        return call
    return replace(call, caller=replace(call.caller, bypassed=frozenset(bypassed), tag=tag))
