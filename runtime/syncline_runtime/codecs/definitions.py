"""What a codec is, as data: the compiler proves from it, the code generator calls by it, tests hold it to its word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

ParameterKind: TypeAlias = Literal[
    "text", "integer", "currency", "region", "zone", "pattern", "choice", "literal", "table", "reference"
]
"""`pattern` is a date pattern, `literal` a text, integer or boolean, `table` a Table, `reference` a `package.module:Name`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a codec, in the order in which the spec writes it and the functions take it."""

    name: str
    kind: ParameterKind
    choices: tuple[str, ...] = ()
    optional: bool = False


def anything(value: object, *parameters: object) -> bool:
    """The domain of a codec that says no more than its type."""
    return True


@dataclass(frozen=True, slots=True)
class CodecDefinition:
    """A codec: its types, its two functions, what it can write back, and what it takes for the same.

    Functions are names in `syncline_runtime.codecs`: `get(native, *parameters)` and `put(canonical, *parameters)`.
    """

    name: str
    """As the spec writes it; for a wire codec, its spelling."""
    kinds: tuple[tuple[str, str], ...]
    """Pairs of native and canonical kind that it joins; `any` on both sides is the same kind on both."""
    get: str
    put: str
    parameters: tuple[Parameter, ...] = ()
    domain: str = "every value of the type"
    """What can be written back, in words for a diagnostic."""
    in_domain: Callable[..., bool] = anything
    """Whether `put` takes a canonical value and `get` reads it back as an equal one."""
    quotient: tuple[str, ...] = ()
    """The differences that it takes for none, with or without its optional parameters."""
    equal: Callable[..., bool] = lambda left, right, *parameters: bool(left == right)
    """Whether two canonical values of the domain are the same to this codec."""
    exact: bool = True
    """Whether view(c) = get(put(c)) is the identity on the domain, optional parameters left out."""
    length: Callable[..., int] | None = None
    """The longest native text that canonical text of at most n characters is written as; None where not text to text.

    Case counts as keeping the length: the few letters that grow (ß, ŉ) are left to the check of the written value.
    """
    problem: Callable[..., str | None] = lambda *parameters: None
    """What is wrong with the parameters, for a diagnostic; None when they are right."""
    needs_old: bool = False
    """Whether `put` takes the old native value as its last argument, by which spellings are kept."""
    needs_count: bool = False
    """Whether the native side is several fields, and `put` takes their number as its last argument."""
    trusted: bool = False
    """Whether the laws are the author's word, to be property-tested, rather than this library's."""

    @property
    def native(self) -> str:
        """The first native kind."""
        return self.kinds[0][0]

    @property
    def canonical(self) -> str:
        """The first canonical kind."""
        return self.kinds[0][1]

    @property
    def required(self) -> int:
        """How many parameters must be given."""
        return sum(not parameter.optional for parameter in self.parameters)


Registry: TypeAlias = Mapping[str, CodecDefinition]
WireRegistry: TypeAlias = Mapping[tuple[str, str], CodecDefinition]
