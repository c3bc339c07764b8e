"""What systems really do, where that is not what their declaration says: said by an integrator who knows, or wants to know."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from zlib import crc32

from syncline_runtime.declaration import Package
from syncline_runtime.values import Native


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a resource behaves. `idempotency`: its keys are honoured; `listed_after`: seconds until a change shows in listings, None
    as declared; `left_out`: the share of records that no listing shows; `stores`: what becomes of single native fields."""

    idempotency: bool = True
    listed_after: float | None = None
    left_out: float = 0.0
    stores: Mapping[str, tuple[Callable[[Any], Any], ...]] = field(default_factory=dict)

    def lag(self, declared: float) -> float:
        """Seconds until a change shows in a listing."""
        return declared if self.listed_after is None else self.listed_after

    def leaves_out(self, system: str, remote_id: str) -> bool:
        """Whether no listing shows this record; always the same ones."""
        return bool(self.left_out) and crc32(f"{system} {remote_id}".encode()) / 2**32 < self.left_out

    def stored(self, sent: Native, declared: Native) -> Native:
        """A record as it is kept: what is said of its fields stands in for what is declared of them."""
        kept = dict(declared)
        for name, makings in self.stores.items():
            if name in sent:
                value = sent[name]
                for make in makings:
                    value = make(value) if isinstance(value, str) else value
                kept[name] = value
        return kept


AS_DECLARED: Final = Conduct()

Reality: TypeAlias = Mapping[tuple[str, str], Conduct]
"""The conduct of resources, by system and resource; those that are not named do what they declare."""


class RealityProblem(ValueError):
    """A description of reality that cannot be used; the message says where and why."""


def read_reality(text: str, package: Package) -> Reality:
    """The reality that a TOML text describes: a table `[SYSTEM.RESOURCE]` each. Raises RealityProblem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RealityProblem(f"is not TOML: {error}") from error
    found: dict[tuple[str, str], Conduct] = {}
    for system, resources in document.items():
        known = package.systems.get(system)
        if known is None:
            raise RealityProblem(f"[{system}]: there is no such system; there are {', '.join(package.systems)}")
        if not isinstance(resources, dict):
            raise RealityProblem(f"{system} is no table: write [{system}.RESOURCE]")
        for name, said in resources.items():
            place = f"[{system}.{name}]"
            if name not in known.resources:
                raise RealityProblem(f"{place}: {system} has no such resource; it has {', '.join(known.resources)}")
            if not isinstance(said, dict):
                raise RealityProblem(f"{system}.{name} is no table: write {place}")
            found[system, name] = _conduct(said, place, known.resources[name].fields)
    return found


def _conduct(said: Mapping[str, Any], place: str, fields: Mapping[str, Any]) -> Conduct:
    known = ("honours_idempotency", "listed_after_seconds", "leaves_out", "stores")
    for name in said:
        if name not in known:
            raise RealityProblem(f"{place} {name}: not known; known are {', '.join(known)}")
    honoured, after, out = (
        said.get("honours_idempotency", True),
        said.get("listed_after_seconds"),
        said.get("leaves_out", 0),
    )
    if not isinstance(honoured, bool):
        raise RealityProblem(f"{place} honours_idempotency: true or false, not {honoured!r}")
    if after is not None and (
        isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= 86_400
    ):
        raise RealityProblem(f"{place} listed_after_seconds: a number of seconds from 0 to 86400, not {after!r}")
    if isinstance(out, bool) or not isinstance(out, int | float) or not 0 <= out <= 1:
        raise RealityProblem(f"{place} leaves_out: a share from 0 to 1, not {out!r}")
    stores = said.get("stores", {})
    if not isinstance(stores, dict):
        raise RealityProblem(f"{place} stores: write [{place[1:-1]}.stores]")
    for name in stores:
        if name not in fields:
            raise RealityProblem(f"{place} stores {name}: there is no such field; there are {', '.join(fields)}")
    return Conduct(
        idempotency=honoured,
        listed_after=None if after is None else float(after),
        left_out=float(out),
        stores={name: _makings(how, f"{place} stores {name}") for name, how in stores.items()},
    )


def _makings(how: Any, place: str) -> tuple[Callable[[Any], Any], ...]:
    steps = how if isinstance(how, list) else [how]
    return tuple(_making(step, place) for step in steps)


def _making(step: Any, place: str) -> Callable[[Any], Any]:
    match step:
        case "as sent":
            return lambda value: value
        case "upper":
            return str.upper
        case "lower":
            return str.lower
        case "trim":
            return str.strip
        case {"truncate": int(length)} if length >= 0:
            return lambda value: value[:length]
        case _:
            raise RealityProblem(
                f'{place}: one of "as sent", "upper", "lower", "trim", {{truncate = N}}, or a list of them'
            )
