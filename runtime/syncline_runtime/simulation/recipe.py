"""A recipe names one schedule in one line, so that it can be run again: `seed=7 runs=1 channels=full faults=lost:0.12`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Self

from syncline_runtime.simulation.reality import Reality
from syncline_runtime.simulation.schedule import Profile
from syncline_runtime.simulation.world import Faults

_CHANNELS = ("cursor", "full", "both", "hooks")


class RecipeProblem(ValueError):
    """A text that is no recipe; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One schedule. What is None is drawn from the seed; `faults` names those that may occur, with their probability; `skipped` are
    things that people would do and do not, by their number."""

    seed: int
    runs: int | None = None
    records: int | None = None
    channels: str | None = None
    faults: Mapping[str, float] | None = None
    skipped: frozenset[int] = field(default_factory=frozenset)

    def profile(self, reality: Reality | None, trusted: frozenset[tuple[str, str, str]]) -> Profile:
        """What `simulate` takes."""
        return Profile(
            channels=self.channels,
            runs=self.runs,
            records=self.records,
            faults=None if self.faults is None else Faults(**self.faults),
            reality=reality,
            trusted=trusted,
            skipped=self.skipped,
        )

    def __str__(self) -> str:
        parts = [f"seed={self.seed}"]
        parts += [
            f"{name}={value}"
            for name, value in (("runs", self.runs), ("records", self.records), ("channels", self.channels))
            if value is not None
        ]
        if self.faults is not None:
            parts.append("faults=" + (",".join(f"{name}:{chance}" for name, chance in self.faults.items()) or "none"))
        if self.skipped:
            parts.append("skip=" + ",".join(map(str, sorted(self.skipped))))
        return " ".join(parts)

    @classmethod
    def read(cls, text: str) -> Self:
        """The recipe that a text spells. Raises RecipeProblem."""
        said: dict[str, str] = {}
        for part in text.split():
            name, separator, value = part.partition("=")
            if not separator or name not in ("seed", "runs", "records", "channels", "faults", "skip"):
                raise RecipeProblem(f"{part!r} is no part of a recipe, such as seed=7 or faults=lost:0.1")
            said[name] = value
        if "seed" not in said:
            raise RecipeProblem("a recipe needs a seed, such as seed=7")
        channels = said.get("channels")
        if channels is not None and channels not in _CHANNELS:
            raise RecipeProblem(f"channels={channels}: one of {', '.join(_CHANNELS)}")
        return cls(
            seed=_number(said["seed"], "seed"),
            runs=_number(said["runs"], "runs") if "runs" in said else None,
            records=_number(said["records"], "records") if "records" in said else None,
            channels=channels,
            faults=_faults(said["faults"]) if "faults" in said else None,
            skipped=frozenset(_number(one, "skip") for one in said["skip"].split(","))
            if said.get("skip")
            else frozenset(),
        )


def drawn_faults(seed: int) -> Mapping[str, float]:
    """The faults that a schedule draws from its seed, those that may occur."""
    faults = Faults.drawn(Random(seed), seed)
    return {one.name: getattr(faults, one.name) for one in fields(Faults) if getattr(faults, one.name)}


def _faults(text: str) -> Mapping[str, float]:
    known = {one.name for one in fields(Faults)}
    found: dict[str, float] = {}
    for part in text.split(",") if text not in ("", "none") else ():
        name, _, chance = part.partition(":")
        if name not in known:
            raise RecipeProblem(f"{name!r} is no fault; there are {', '.join(sorted(known))}")
        try:
            found[name] = float(chance)
        except ValueError:
            raise RecipeProblem(f"{part!r}: write {name}:PROBABILITY, such as {name}:0.1") from None
        if not 0 <= found[name] <= 1:
            raise RecipeProblem(f"{part!r}: a probability is between 0 and 1")
    return found


def _number(text: str, what: str) -> int:
    if not text.isdecimal():
        raise RecipeProblem(f"{what}={text}: a whole number is needed")
    return int(text)
