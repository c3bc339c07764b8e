"""`check --stats`: the time of each phase and check, and what was counted."""

from collections import Counter
from collections.abc import Mapping, Sequence

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.measuring import Stopwatch
from syncline.syntax.declarations import Spec

PHASES = ("parsing", "resolving", "examples")


def statistics(watch: Stopwatch, trees: Mapping[str, Spec], found: Sequence[Diagnostic]) -> str:
    """Lines for people: phases first, then checks by what they took; files, lines and findings by code."""
    phases = [name for name in PHASES if name in watch.seconds]
    checks = sorted((name for name in watch.seconds if name not in PHASES), key=lambda name: -watch.seconds[name])
    width = max(map(len, (*phases, *checks, "all")))
    rows = [
        f"{name:<{width}}  {watch.seconds[name] * 1000:9.1f} ms  {watch.calls[name]:7} x" for name in (*phases, *checks)
    ]
    rows.append(f"{'all':<{width}}  {sum(watch.seconds.values()) * 1000:9.1f} ms")
    lines = sum(tree.source.text.count("\n") for tree in trees.values())
    rows.append(f"{len(trees)} files, {lines} lines, {len(found)} findings")
    rows += [f"  {count:5} {code}" for code, count in Counter(each.code for each in found).most_common()]
    return "".join(f"{row}\n" for row in rows)
