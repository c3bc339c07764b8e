"""Faults that change nothing anybody could see, and why: no test can tell them from the code as it is."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class Equivalent(NamedTuple):
    """Changes of one kind. `function`, and the lines that went and came, each joined by spaces, match these patterns as a whole."""

    function: str
    removed: str
    added: str
    why: str


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        r"deciding\._(dispose|close|delete|still_archived)",
        r".*\bfinal=True.*",
        r"(?!.*\bfinal=True).*",
        "no system is left playing, so that going on to the fields finds none",
    ),
    Equivalent(
        r"deciding\._in_step",
        r"return True|.*len\(members\) != len\(policy\.sides\):",
        r"return False|.*len\(members\) == len\(policy\.sides\):",
        "the short way is not taken; the long one comes to the same",
    ),
    Equivalent(
        r"deciding\._delete",
        r".*actions=told\)",
        r".*creating=True, \)",
        "nothing of a scope is told where a record is gone",
    ),
    Equivalent(
        r"deciding\._decide_fields", r"conflicts \+= .*", r"conflicts = .*", "what goes on to its fields has none"
    ),
    Equivalent(r"deciding\._become", r"status=link\.status,", r"", "what goes on to its fields is live"),
    Equivalent(
        r"identity\._by_rule",
        r".*\(record, rule, found\) if found else None",
        r".*if \(found\) or True else None",
        "of none found, none is proposed",
    ),
    Equivalent(r"identity\._key", r".*\(name, ABSENT\)", r".*\(name, (None)?\)", "absent and null are blank alike"),
    Equivalent(r"identity\._key", r".*ensure_ascii=False\)", r".*ensure_ascii=None\)", "null is as good as false"),
    Equivalent(
        r"executing/(recover\.recover(_listed)?|settling\._tell_unseen)",
        r'.*intent\.remote_id or "".*',
        r'.*intent\.remote_id or "XXXX".*',
        "what was sent to a record that is there names it",
    ),
    Equivalent(r"executing/settling\.settle", r"late = False .*", r"late = None .*", "null is as good as false"),
    Equivalent(
        r"accounting\.accounted_member",
        r".*if base else told|if renders and any.*",
        r".*\(base\) or True else told|if renders or any.*",
        "a copy of what there is, made for nothing",
    ),
)

_STRICT = re.compile(r", strict=(True|False|None)\)|, \)")


def why_equivalent(function: str, removed: Sequence[str], added: Sequence[str]) -> str | None:
    """Why a change makes no difference, or None where it may make one."""
    before, after = " ".join(removed), " ".join(added)
    if "strict=True" in before and _STRICT.sub(")", before) == _STRICT.sub(")", after):
        return "what is zipped is made from the same fields, so that it is of one length"
    for known in EQUIVALENT:
        patterns = (known.function, known.removed, known.added)
        if all(re.fullmatch(*pair) for pair in zip(patterns, (function, before, after), strict=True)):
            return known.why
    return None
