"""JSON-RPC, as Tryton and Odoo speak it: one address, the method and its parameters in the body, errors in a 200."""

from typing import Final

from syncline_runtime.connectors.calls import Lookup, filled, text_of
from syncline_runtime.connectors.decoding import encode
from syncline_runtime.connectors.session import Dialect
from syncline_runtime.connectors.transport import Request
from syncline_runtime.declaration import Call, Connector, Text


def compose(base: str, connector: Connector, call: Call, lookup: Lookup) -> Request:
    """The request of a call. Raises Unfilled."""
    # Exactly the keys that Tryton takes; a fixed id will do, for each answer comes in its own exchange.
    body = {"id": 1, "method": text_of(call.target, lookup), "params": filled(call.body, lookup)}
    headers = {
        name: text_of(value, lookup) if isinstance(value, Text) else str(filled(value, lookup))
        for name, value in call.headers.items()
    }
    return Request("POST", base + "/", {"Content-Type": "application/json", **headers}, encode(body))


DIALECT: Final = Dialect(compose=compose, payload="result", in_success="error")
