"""Codecs that a user wrote in Python: `python("package.module:Codec")`."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, cast

from syncline_runtime.codecs.refusal import CodecError, refusal
from syncline_runtime.values import ABSENT


class CustomCodec(Protocol):
    """Two pure functions; `get` reads what `put` wrote. Null and ABSENT never reach them."""

    def get(self, native: Any, /) -> Any: ...

    def put(self, canonical: Any, /) -> Any: ...


def load_codec(reference: str) -> CustomCodec:
    """Imports `package.module:Name`, a codec, or a class of one that needs no arguments; raises CodecError."""
    found = _imported(reference)
    codec = found() if isinstance(found, type) else found
    if not callable(getattr(codec, "get", None)) or not callable(getattr(codec, "put", None)):
        raise refusal("codec.not-a-codec", f"{reference!a} to have the functions get and put", codec)
    return cast(CustomCodec, codec)


def load_function(reference: str) -> Callable[[tuple[Any, ...]], Any]:
    """Imports `package.module:name`, a merge function over the candidates; raises CodecError."""
    found = _imported(reference)
    if not callable(found):
        raise refusal("codec.not-a-function", f"{reference!a} to be a function", found)
    return cast(Callable[[tuple[Any, ...]], Any], found)


def _imported(reference: str) -> Any:
    module, colon, name = reference.partition(":")
    if not colon or not all(part.isidentifier() for part in [*module.split("."), *name.split(".")]):
        raise refusal("codec.reference", 'a reference of the form "package.module:Name"', reference)
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise refusal(
            "codec.not-found", f"{reference!a} to be importable ({type(error).__name__}: {error})", reference
        ) from error
    return found


def python_get(value: Any, codec: CustomCodec) -> Any:
    """The codec's `get`; null and ABSENT pass it by."""
    return value if value is None or value is ABSENT else _asked(codec.get, value)


def python_put(value: Any, codec: CustomCodec) -> Any:
    """The codec's `put`; null and ABSENT pass it by."""
    return value if value is None or value is ABSENT else _asked(codec.put, value)


def _asked(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except CodecError:
        raise
    except Exception as error:  # the author's code may raise anything; it costs this record, not the run
        raise refusal(
            "codec.python-failed", f"the codec to take it, but it raised {type(error).__name__}", value
        ) from error
