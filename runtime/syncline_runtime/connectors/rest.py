"""REST: a call is an HTTP method, a path, a query and a JSON or form body."""

from typing import Final

from syncline_runtime.connectors.calls import Lookup, filled, form, path_of, text_of, with_query
from syncline_runtime.connectors.decoding import encode
from syncline_runtime.connectors.session import Dialect
from syncline_runtime.connectors.transport import Request
from syncline_runtime.declaration import Call, Connector, Text


def compose(base: str, connector: Connector, call: Call, lookup: Lookup) -> Request:
    """The request of a call. Raises UnsafeId, Unfilled."""
    url = with_query(
        base + path_of(call.target, lookup), {name: filled(value, lookup) for name, value in call.query.items()}
    )
    headers = {
        name: text_of(value, lookup) if isinstance(value, Text) else str(filled(value, lookup))
        for name, value in call.headers.items()
    }
    if call.body is None:
        return Request(call.verb, url, headers, None)
    body = filled(call.body, lookup)
    if connector.encoding == "form":
        return Request(call.verb, url, {"Content-Type": "application/x-www-form-urlencoded", **headers}, form(body))
    return Request(call.verb, url, {"Content-Type": "application/json", **headers}, encode(body))


DIALECT: Final = Dialect(compose=compose, payload="", in_success="")
