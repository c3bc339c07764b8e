"""What kind of finding each code is, and which of them a team may decide about.

SAFETY ⊂ BASIC ⊂ STANDARD: who asks for STANDARD asks for the others, too. DOCS, COST and PRIVACY stand beside them.
SAFETY is what would lose, double or change records; it is always on.
"""

from enum import Enum
from typing import Final, NamedTuple

from syncline.diagnostics.diagnostic import Severity


class Category(Enum):
    """`value` is the word in `syncline.toml`."""

    SAFETY = "safety"
    BASIC = "basic"
    STANDARD = "standard"
    DOCS = "docs"
    COST = "cost"
    PRIVACY = "privacy"


class Rule(NamedTuple):
    """How a code is dealt with.

    `bends` says that a team may allow it on a declaration, lower it or keep it in a baseline: the runtime then sets the
    record aside or refuses the write, and nothing is lost. What does not bend either has no meaning that could be run, or
    would lose, double or change data without anybody seeing it.
    """

    category: Category
    bends: bool
    severity: Severity = Severity.ERROR


DEFAULT: Final = frozenset((Category.SAFETY, Category.BASIC, Category.STANDARD, Category.COST, Category.PRIVACY))
"""The categories of a project that does not say otherwise."""

_UNBENDING: Final = Rule(Category.SAFETY, bends=False)

_RULES: Final = {
    "allow.unused": Rule(Category.STANDARD, True, Severity.WARNING),
    "baseline.outdated": Rule(Category.STANDARD, True, Severity.WARNING),
    "codec.empty-domain": Rule(Category.BASIC, True),
    "cost": Rule(Category.COST, True),
    "cost.lists-all": Rule(Category.COST, True, Severity.HINT),
    "create.may-duplicate": Rule(Category.SAFETY, False),
    "create.no-value": Rule(Category.BASIC, True),
    "create.required-missing": Rule(Category.SAFETY, True),
    "derive.no-value": Rule(Category.BASIC, True),
    "docs": Rule(Category.DOCS, True, Severity.WARNING),
    "enum.gap": Rule(Category.SAFETY, True),
    "field.no-source": Rule(Category.BASIC, True),
    "lock": Rule(Category.STANDARD, True),
    "path.not-unique": Rule(Category.SAFETY, False),
    "erase": Rule(Category.PRIVACY, False),
    "pii": Rule(Category.PRIVACY, False),
    "pii.no-erase": Rule(Category.PRIVACY, True, Severity.WARNING),
    "release": Rule(Category.STANDARD, True),
    "release.behaviour": Rule(Category.STANDARD, True, Severity.WARNING),
    "truth.not-a-source": Rule(Category.BASIC, True),
    "truth.unlisted-source": Rule(Category.STANDARD, True, Severity.HINT),
    "truth.unneeded": Rule(Category.STANDARD, True),
    "type.null-from-optional": Rule(Category.SAFETY, True),
    "type.null-into-required": Rule(Category.SAFETY, True),
    "type.null-operand": Rule(Category.SAFETY, True),
    "write.read-only": Rule(Category.SAFETY, True),
}
"""By code or the part of it before a dot. Whatever is not listed does not bend: a new code is safe until somebody decides."""


def rule_of(code: str, own: frozenset[str] = frozenset()) -> Rule:
    """The rule of a code; `own` are the namespaces of a team's checks, whose findings are STANDARD and bend."""
    part = code
    while part:
        if part in _RULES:
            return _RULES[part]
        part = part.rpartition(".")[0]
    return Rule(Category.STANDARD, True) if code.partition(".")[0] in own else _UNBENDING


def covered(prefix: str, code: str) -> bool:
    """Whether a code or dotted prefix speaks of a code, so that a code can be split later."""
    return code == prefix or code.startswith(f"{prefix}.")
