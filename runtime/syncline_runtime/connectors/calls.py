"""Filling the templates of calls: bodies, paths, queries; and the addresses that are refused. Pure."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from syncline_runtime.declaration import Body, Call, Slot, Text

Lookup: TypeAlias = Callable[[str], Any]
"""The value of a slot or setting by name. Raises KeyError."""

UPDATES: Final = Slot("updates")
_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9_.]+)\}")
_UNSAFE: Final = re.compile(r"[/\\?#%\x00-\x20\x7f]|\.\.|^\.$")


class UnsafeId(ValueError):
    """An identity that would change the address it is put into."""

    def __init__(self, identity: str) -> None:
        super().__init__(
            f"the id {identity[:80]!r} cannot stand in an address: it has a character that servers read as syntax"
        )


class UnsafeAddress(ValueError):
    """An address that a system must not have."""


class Unfilled(KeyError):
    """A placeholder that neither a setting nor the engine fills."""


def filled(template: Body, lookup: Lookup) -> Any:
    """A body with its slots and texts replaced; a Text that begins with `/` is a path, and `updates` in a list are parts of it."""
    match template:
        case Slot(name):
            return _found(lookup, name)
        case Text(text):
            return path_of(template, lookup) if text.startswith("/") else text_of(template, lookup)
        case str() | int() | None:
            return template
        case Mapping():
            return {key: filled(value, lookup) for key, value in template.items()}
        case _:
            filled_items: list[Any] = []
            for value in template:
                if value == UPDATES:
                    filled_items += filled(value, lookup)
                else:
                    filled_items.append(filled(value, lookup))
            return filled_items


def text_of(text: Text, lookup: Lookup) -> str:
    """A text with its placeholders replaced as they are."""
    return _substituted(text.template, lookup, lambda value: _plain(value))


def path_of(text: Text, lookup: Lookup) -> str:
    """A path whose placeholders are each one segment, percent-encoded. Raises UnsafeId."""
    return _substituted(text.template, lookup, segment)


def segment(value: Any) -> str:
    """A value as one segment of a path. Raises UnsafeId where percent-encoding is not known to be safe, or it is empty."""
    text = _plain(value)
    if not text or _UNSAFE.search(text):
        raise UnsafeId(text)
    return quote(text, safe="")


def any_unsafe(ids: Sequence[str]) -> bool:
    """Whether one of some identities may be none that can stand in an address; all of them are looked at at once."""
    return _UNSAFE.search("".join(ids)) is not None or "." in ids


def base_of(text: Text, lookup: Lookup) -> str:
    """The base address: its first placeholder may be a whole address, the others are segments.

    Raises UnsafeAddress for another scheme than https (http on loopback only), for an address with credentials, a query or
    a fragment. Messages never repeat the address's credentials.
    """
    template = text.template
    head = _PLACEHOLDER.match(template)
    if head is not None and head[1]:
        base = _plain(_found(lookup, head[1])).strip().rstrip("/") + path_of(Text(template[head.end() :]), lookup)
    else:
        base = path_of(text, lookup)
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnsafeAddress("it is not an address") from None
    if any(character <= " " or character == "\\" for character in base) or parts.query or parts.fragment:
        raise UnsafeAddress("an address has no blank, query or fragment")
    if parts.scheme not in ("http", "https") or not host:
        raise UnsafeAddress("it does not begin with https://")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddress("it carries credentials; give them as settings of their own")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnsafeAddress(f"http:// would send credentials to {host} unencrypted; use https://")
    return base.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(url: str, base: str) -> bool:
    """Whether `url` has the scheme, host and port of `base`."""
    try:
        return _origin(url) == _origin(base)
    except ValueError:
        return False


def with_query(url: str, query: Mapping[str, Any]) -> str:
    """`url` with a query; members that are None are left out, lists are repeated."""
    pairs = [
        (name, _plain(item))
        for name, value in query.items()
        if value is not None
        for item in (value if isinstance(value, list | tuple) else (value,))
    ]
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def form(document: Any) -> bytes:
    """A body as application/x-www-form-urlencoded, nested members in brackets (`address[city]=…`)."""
    return urlencode(list(_form_pairs(document, ""))).encode()


def settings_in(call: "Call | Body") -> frozenset[str]:
    """The names of all slots and placeholders of a call or body."""
    match call:
        case Call(target=target, body=body, query=query, headers=headers):
            return frozenset().union(*(settings_in(part) for part in (target, body, query, headers)))
        case Slot(name):
            return frozenset((name,))
        case Text(text):
            return frozenset(found[1] for found in _PLACEHOLDER.finditer(text) if found[1])
        case str() | int() | None:
            return frozenset()
        case Mapping():
            return frozenset().union(*(settings_in(part) for part in call.values()))
        case _:
            return frozenset().union(*(settings_in(part) for part in call))


def _substituted(template: str, lookup: Lookup, spelled: Callable[[Any], str]) -> str:
    def one(found: re.Match[str]) -> str:
        name = found[1]
        return found[0][0] if name is None else spelled(_found(lookup, name))

    return _PLACEHOLDER.sub(one, template)


def _found(lookup: Lookup, name: str) -> Any:
    try:
        return lookup(name)
    except KeyError:
        raise Unfilled(name) from None


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)


def _form_pairs(value: Any, name: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _form_pairs(item, f"{name}[{key}]" if name else str(key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _form_pairs(item, f"{name}[{index}]")
        case _:
            yield name, _plain(value)
