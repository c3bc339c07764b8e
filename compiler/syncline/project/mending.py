"""Fixes carried out on the text of a file: comments and layout survive, and nothing gets worse."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.fixing import Edit, Fix, fix_of
from syncline.source import Source
from syncline.syntax.formatting import formatted
from syncline.syntax.parsing import parse


class Mended(NamedTuple):
    """A text after fixes, and the codes of the findings that were mended, one for each fix."""

    text: str
    codes: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """How many fixes were carried out."""
        return len(self.codes)


def mended(source: Source, found: Iterable[Diagnostic], *, unsafe: bool) -> Mended:
    """The text with the fixes of findings in it; a fix that overlaps an earlier one waits for the next time.

    A file that was laid out as the formatter does it still is; one that parses still does.
    """
    offered = {
        id(fix): (fix, each.code)
        for each in found
        if (fix := fix_of(each)) and _is_of(fix, source) and (fix.safe or unsafe)
    }
    fixes = _apart(fix for fix, _ in offered.values())
    if not fixes:
        return Mended(source.text)
    before = len(parse(source)[1])
    text = _edited(source.text, fixes)
    if _mistakes(source.name, text) > before:
        # One of them breaks the file: find the others by trying each.
        good: list[Fix] = []
        for fix in fixes:
            if _mistakes(source.name, _edited(source.text, [*good, fix])) <= before:
                good.append(fix)
        fixes, text = good, _edited(source.text, good)
    if fixes and formatted(source) == source.text:
        laid_out = formatted(Source(source.name, text))
        text = laid_out if isinstance(laid_out, str) else text
    return Mended(text, tuple(offered[id(fix)][1] for fix in fixes))


def _is_of(fix: Fix, source: Source) -> bool:
    return all(edit.span.source.name == source.name for edit in fix.edits)


def _apart(fixes: Iterable[Fix]) -> list[Fix]:
    kept: list[Fix] = []
    taken: set[tuple[int, int]] = set()
    for fix in sorted(fixes, key=lambda fix: fix.edits[0].span.start):
        places = [(edit.span.start, edit.span.end) for edit in fix.edits]
        if not any(
            start <= other_end and other_start <= end for start, end in places for other_start, other_end in taken
        ):
            kept.append(fix)
            taken.update(places)
    return kept


def _edited(text: str, fixes: Sequence[Fix]) -> str:
    edits: list[Edit] = [edit for fix in fixes for edit in fix.edits]
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _mistakes(name: str, text: str) -> int:
    return len(parse(Source(name, text))[1])
