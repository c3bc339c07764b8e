"""Whole random policies: two or three systems of one make, lines, tables and truth rules, and what must become of users' edits."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

SYSTEMS: Final = ("crm", "erp", "shop")
ARROWS: Final = ("<->", "<->", "<->", "<->", "<->", "<->", "<->", "<-", "->", "")
MEMBERS: Final = ("lead", "won", "lost")
SPELLINGS: Final = ('"1"', '"2"', '"3"', '"L"', '"W"', '"X"')

TYPES: Final[Mapping[str, tuple[str, str, tuple[Any, ...]]]] = {
    "vip": ("boolean", "vip", (True, False)),
    "name": ("text(100)", "name", ("Ana", "Bo", "Cyd", "Dee")),
    "stage": ("Stage?", "stage", (None, *MEMBERS)),
    "score": ("integer?", "rating", (None, 1, 2, 3, 4)),
    "vat": ("text(20)?", "vat", (None, "NO1", "NO2", "SE3")),
    "credit": ("decimal(12, 2)?", "credit", (None, Decimal("1.25"), Decimal(2), Decimal("30.5"))),
    "tags": ("set<text>", "tags", (frozenset(), frozenset("a"), frozenset("ab"), frozenset("bc"), frozenset("abc"))),
}
"""By the entity's field: its type, the native field of every system, and the values that are tried."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A rule that decides between edits: its kind, and the systems that it names in order."""

    kind: str
    systems: tuple[str, ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case "owned":
                return f"owned by {self.systems[0]}"
            case "prefers":
                return f"prefers {' then '.join(self.systems)}"
            case "newest":
                return f"newest else {self.systems[0]}"
        return self.kind


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the entity: its arrow in each system, its rule if it is contested, and who owns it while somebody is a VIP."""

    name: str
    arrows: Mapping[str, str]
    rule: Truth | None
    inherits: bool
    vip_owner: str | None

    def reads(self, system: str) -> bool:
        return self.arrows[system] in ("<->", "<-")

    def writes(self, system: str) -> bool:
        return self.arrows[system] in ("<->", "->")


@dataclass(frozen=True, slots=True)
class Policy:
    """A random spec and what it is made of; `tables` are a system's spellings of each member, the first one written."""

    systems: tuple[str, ...]
    fields: tuple[Field, ...]
    tables: Mapping[str, Mapping[str, tuple[str, ...]]]
    clears: bool
    rest: Truth

    def text(self) -> str:
        """The spec."""
        parts = ["enum Stage { lead, won, lost }", "entity Customer {", "  email : email"]
        parts += [f"  {field.name} : {TYPES[field.name][0]}" for field in self.fields]
        parts += ["  match email", "}"]
        for system in self.systems:
            parts += [f"map Customer to {system}.contacts {{", "  email <-> email"]
            for field in self.fields:
                if arrow := field.arrows[system]:
                    table = f" as {self._table(system)}" if field.name == "stage" else ""
                    parts.append(f"  {field.name} {arrow} {TYPES[field.name][1]}{table}")
            parts.append("}")
        parts.append(f"sync Customer across {', '.join(self.systems)} {{")
        parts += [f"  delete in {system} hold" for system in self.systems]
        parts += [f"  create in {system} never" for system in self.systems if self.lacks(system)]
        parts += [f"  empty {'propagates' if self.clears else 'ignored'}", "  truth {"]
        parts.append(f"    email prefers {' then '.join(self.systems)}")
        for field in self.fields:
            if field.vip_owner is not None:
                parts.append(f"    {field.name} owned by {field.vip_owner} when vip")
            if field.rule is not None and not field.inherits:
                parts.append(f"    {field.name} {field.rule}")
        if any(field.inherits for field in self.fields):
            parts.append(f"    otherwise {self.rest}")
        return "\n".join([*parts, "  }", "}", ""])

    def lacks(self, system: str) -> bool:
        """Whether a record that is made there would lack something that nobody but its users fill in."""
        return any(field.arrows[system] == "<-" for field in self.fields)

    def _table(self, system: str) -> str:
        rows = []
        for member, spelled in self.tables[system].items():
            rows.append(f"{member}: {spelled[0] if len(spelled) == 1 else '[' + ', '.join(spelled) + ']'}")
        return "{ " + ", ".join(rows) + " }"

    def native(self, random: Random, system: str, name: str, value: Any) -> Any:
        """A value as a user of the system would enter it."""
        if name == "stage" and value is not None:
            return random.choice(self.tables[system][value]).strip('"')
        return sorted(value) if name == "tags" else value

    def shown(self, system: str, name: str, native: Any) -> Any:
        """The value that a system's own means."""
        if name == "stage":
            return next((member for member, spelled in self.tables[system].items() if f'"{native}"' in spelled), native)
        if name == "tags":
            return frozenset(native or ())
        return Decimal(str(native)) if name == "credit" and native is not None else native


def policy(random: Random) -> Policy:
    """A well-typed policy, which the checker may refuse all the same."""
    systems = SYSTEMS[: random.choice((2, 2, 3))]
    order = tuple(random.sample(systems, len(systems)))
    rest = random.choice((Truth("prefers", order), Truth("ask")))
    names = ["vip", *random.sample([name for name in TYPES if name != "vip"], random.randint(2, 5))]
    return Policy(
        systems=systems,
        fields=tuple(_field(random, name, systems, rest) for name in names),
        tables={system: _rows(random) for system in systems},
        clears=random.random() < 0.6,
        rest=rest,
    )


def _rows(random: Random) -> Mapping[str, tuple[str, ...]]:
    spelled = random.sample(SPELLINGS, len(SPELLINGS))
    return {member: tuple(spelled[2 * at : 2 * at + random.choice((1, 2))]) for at, member in enumerate(MEMBERS)}


def _field(random: Random, name: str, systems: tuple[str, ...], rest: Truth) -> Field:
    arrows = {system: random.choice(ARROWS) for system in systems}
    if not any(arrow in ("<->", "<-") for arrow in arrows.values()):
        arrows[random.choice(systems)] = "<->"
    sources = [system for system in systems if arrows[system] in ("<->", "<-")]
    if len(sources) < 2:
        return Field(name, arrows, None, inherits=False, vip_owner=None)
    kinds = ["owned", "prefers", "newest", "ask", "otherwise"]
    kinds += ["max", "min"] if name in ("score", "credit") else ["union", "union"] if name == "tags" else []
    kind = random.choice(kinds)
    shuffled = tuple(random.sample(sources, len(sources)))
    named = {"owned": shuffled[:1], "prefers": shuffled, "newest": shuffled[:1]}
    rule = rest if kind == "otherwise" else Truth(kind, named.get(kind, ()))
    owner = random.choice(sources) if name != "vip" and random.random() < 0.25 else None
    return Field(name, arrows, rule, kind == "otherwise", owner)


@dataclass(frozen=True, slots=True)
class Edits:
    """What became of one field of a record between two runs: the agreed value, and who shows something else than before."""

    agreed: Any
    changed: Mapping[str, Any]
    removed: Mapping[str, frozenset[str]]
    added: Mapping[str, frozenset[str]]
    times: Mapping[str, float]


HELD: Final = object()
"""The verdict that a person is asked."""


def verdict(field: Field, clears: bool, edits: Edits, vip: bool) -> tuple[Any, Truth | None]:
    """The value that all sides must agree on, or HELD; and the rule, if it took one to decide between several values."""
    rule = field.rule
    if vip and field.vip_owner is not None:
        rule = Truth("owned", (field.vip_owner,))
    said = {
        system: value
        for system, value in edits.changed.items()
        # A side that comes to show what is agreed already says nothing new: one that is only read may have shown something else.
        if field.reads(system) and value != edits.agreed and (clears or value not in (None, frozenset()))
    }
    if rule is not None and rule.kind == "owned":
        owner = rule.systems[0]
        against = any(value != said.get(owner, edits.agreed) for system, value in said.items() if system != owner)
        return said.get(owner, edits.agreed), rule if against else None
    if not said:
        return edits.agreed, None
    if rule is not None and rule.kind == "union":
        removed = frozenset().union(*(edits.removed[system] for system in said))
        added = frozenset().union(*(edits.added[system] for system in said))
        return (edits.agreed - removed) | added, rule if len(said) > 1 else None
    values = list(dict.fromkeys(said.values()))
    if len(values) == 1:
        return values[0], None
    assert rule is not None, "two sources without a rule"
    present = [value for value in (*values, edits.agreed) if value is not None]
    match rule.kind:
        case "ask":
            return HELD, rule
        case "newest":
            return said[max(said, key=lambda system: edits.times[system])], rule
        case "max":
            return max(present), rule
        case "min":
            return min(present), rule
    return said[next(system for system in rule.systems if system in said)], rule
