"""The certificate of a generated package: what was proven of its spec, what tested, what assumed, and of which bytes that is said.

{"format_version", "package", "compiler", "runtime_api", "spec": {"name", "file", "version", "sha256"}, "files": {NAME: SHA256},
 "obligations": [{"claim", "status", "by", "of", "at"?, "cases"?, "seed"?}],
 "verification"?: {"schedules", "seed", "faults": {NAME: COUNT}, "not_covered": [SENTENCE]}}

`status` is `proven` (a check established it for all values), `tested` (`cases` values were tried; `seed` is null: they are always
the same, but for simulated schedules, where it is the first of as many) or `assumed`; `by` names the check's code, or what it is
assumed of. `of` is what the claim is about, `at` its place.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from syncline.checks import check
from syncline.checks.codecs import Evidence, evidence
from syncline.checks.cycles.graph import graph_of, may_turn
from syncline.checks.cycles.loops import loops
from syncline.checks.places import apart, created_in_pairs
from syncline.guarantees.owning import choices, deletions, verdict
from syncline.guarantees.running import assumptions
from syncline.lowering import package_name
from syncline.model.references import referring
from syncline.model.spec import Arrow, Line, Map, Spec, Sync
from syncline.source import Span
from syncline.verifying.results import Tested
from syncline_runtime.certified import CERTIFICATE, FORMAT_VERSION
from syncline_runtime.declaration import RUNTIME_API

OF_A_SYNC: Final[Mapping[str, str]] = {
    "truth.missing": "each field that several systems may change has a rule",
    "truth.overlap": "no field has two rules of its own",
    "truth.decider": "each field that decides who owns another has a rule that always holds, or one source",
    "truth.not-a-source": "a rule of a field's own that several systems may change names only systems whose edits flow into it",
    "truth.incomplete": "between the edits of any two sources of a contested field one rule decides, but where records first meet "
    "without the system that it names",
    "truth.no-tie-break": "each `newest` names a system that wins between edits that are equally new",
    "truth.no-clock": "`newest` compares only systems that are declared to tell the time of a change",
    "truth.unlawful-merge": "`union`, `max` and `min` decide only fields for whose type they are lawful",
    "unit.currency": "no field is read in one fixed currency and written in another",
    "field.no-source": "each field of the entity is filled by a system or has a default",
    "match.missing": "where several systems are in step, the entity has a certain match rule",
    "match.not-applicable": "of any two systems, one of which is created in, both maps have all fields of one certain match rule",
    "write.not-offered": "each operation that a map, or a `create`, `update` or `delete` clause needs is declared",
    "create.required-missing": "where records are created, each field declared required has a line or a `where` that writes it",
    "create.no-value": "where records are created, no line writes a required field without a default that only that system "
    "fills",
    "message.no-key": "a system that only takes records is declared to know them by a key, and for how long",
    "create.may-duplicate": "no create without an answer is looked for in a listing declared partial, but where a field that is "
    "declared unique would refuse a second one",
    "delete.no-rule": "for each system that a map writes, a clause says what a deletion elsewhere does there",
    "delete.contradiction": "no record is to be created again that another clause lets go, or that may not be created",
    "delete.by-absence": "no deletion is to be carried on from systems of which none can tell of one, a partial listing among them",
    "pii.no-erase": "for each system that holds personal data, a clause says how one person's is erased",
    "erase.not-possible": "what is to be deleted for a person's sake is declared as deletable, what is to be emptied as a field "
    "that may be",
    "pii.not-cleared": "no line writes what is declared as personal data, or an expression over it, into a system that takes none",
    "empty.no-rule": "where an optional field is two-way, a clause says whether an emptied one empties the other side",
}
"""What a check of a whole sync establishes when it finds nothing, by its code: no more than that."""

OF_A_MAP: Final[Mapping[str, str]] = {
    "write.read-only": "no line writes a field that is declared read-only",
    "state.no-operation": "each value that a line writes to a field that operations set has a declared operation",
    "type.narrowing-length": "in lines with one field of the system, no text of declared length leads to a shorter place, as far "
    "as the codecs between tell lengths",
    "type.narrowing-scale": "in lines with one field of the system, no decimal of declared scale leads to a smaller one, but where "
    "it is rounded",
    "type.narrowing-range": "in lines with one field of the system, no decimal of declared precision leads to one with less room "
    "before the point",
    "type.null-into-required": "in lines with one field of the system, nothing that may be null by its type is written to a field "
    "declared required, but `only when present` or spelled by `none`",
    "type.null-from-optional": "in lines with one field of the system, nothing that may be null by its type is read into a field "
    "that may not be",
    "map.comes-back": "no expression writes over a field of the system from which one of the fields that it computes with is read "
    "as it stands",
    "enum.gap": "the first table of a line that writes an enum has a row for every member",
}
"""What a check of a map establishes when it finds nothing, by its code: no more than that."""

OF_ALL: Final[Mapping[str, str]] = {
    "cost.exceeds-rate": "runs as often as `run every` says keep within each declared rate while nothing changes, records that a "
    "listing without a change cursor shows left out",
    "unit.minor": "no expression moves the point of a known amount of money by another number of digits than its currency has, as "
    "far as types and names tell of money",
    "unit.currency-lost": "no amount goes on as a number by `amount(…)` in a map that says its currency nowhere",
    "type.null-operand": "no expression of a line, a computed field or a derivation, and no condition of a map or of a create or "
    "update, gives what may be null by its type to a function that has no answer for it, as far as conditions on the spot tell",
    "unit.scale": "no amount in a fixed currency, and no decimal, is written by a codec of money into a number with less decimals",
}
"""What a check of the whole spec establishes when it finds nothing, by its code."""

OF_REFERENCES: Final[Mapping[str, str]] = {
    "reference.not-synced": "each reference that a map reads or writes is to an entity in step in the same system",
    "reference.other-resource": "each field that holds a reference is declared to hold the resource to which its target is mapped",
    "reference.same-ids": "no field holds an id of one of several resources that count their ids each for itself",
    "match.reference": "no match rule asks for a reference, which no two systems spell alike",
    "reference.cycle": "records that others refer to are created before those and deleted after them; no circle of references that "
    "are required on create, and of `run after`, is without a record that can come first",
}
"""What a check of the whole spec establishes of its references, if it has any, by its code."""

OF_DERIVATIONS: Final[Mapping[str, str]] = {
    "pii.not-marked": "what is derived from, or computed with, personal data is declared as such",
    "derive.unsynced": "what is derived, and what it is derived from, is kept in step",
    "derive.cycle": "no record follows, over any number of steps, from a record of its own kind",
    "derive.contested": "what is derived as long as a condition holds is written by nothing else in the fields that it gives",
    "derive.no-value": "each required field that a derived record needs where it is created is given, has a default or is filled",
}
"""What a check of the whole spec establishes of its derivations, if it has any, by its code."""

OF_WEBHOOKS: Final[Mapping[str, str]] = {
    "trigger.not-served": "of a sync that runs on webhooks, some system is declared to send them, with what it takes to verify "
    "them",
    "trigger.webhook-alone": "a sync that runs on webhooks runs at other times too, since a message may be lost",
}
"""What a check of a sync that runs on webhooks establishes, by its code."""

LOOPS: Final = "cycle.endless"
TWO_WAY: Final = "codec.not-invertible"
ONE_WAY: Final = "codec.empty-domain"
SIMULATION: Final = "simulation"
NOTHING_TRIED: Final = Evidence(0, equal=False, exhaustive=False)


class Obligation(NamedTuple):
    """One claim; `cases` is the number of values tried, for one that was tested."""

    claim: str
    status: str
    by: str
    of: str
    at: Span | None = None
    cases: int | None = None
    seed: int | None = None


def certified(spec: Spec, files: Mapping[str, str], tested: Tested | None = None) -> dict[str, str]:
    """The files of a sound spec's package with their certificate; `tested` is what their simulation came to."""
    return {**files, CERTIFICATE: certificate(spec, files, tested)}


def certificate(spec: Spec, files: Mapping[str, str], tested: Tested | None = None) -> str:
    """The certificate of a package's files as JSON; the same for the same spec, compiler, runtime and simulation."""
    document = {
        "format_version": FORMAT_VERSION,
        "package": package_name(spec),
        "compiler": version("syncline"),
        "runtime_api": RUNTIME_API,
        "spec": {"name": spec.name, "file": _name(spec.file), "version": spec.version, "sha256": spec.sha256},
        "files": {path: sha256(text.encode()).hexdigest() for path, text in sorted(files.items())},
        "obligations": [_entry(one) for one in (*obligations(spec), *_of_simulation(spec, tested))],
    }
    if tested is not None:
        document["verification"] = {
            "schedules": tested.schedules,
            "seed": tested.seed,
            "faults": dict(tested.faults),
            "not_covered": list(tested.not_covered),
        }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def obligations(spec: Spec) -> Iterator[Obligation]:
    """All obligations of a sound spec. The checks are made anew: what was found and allowed, or lowered, is not proven."""
    found = frozenset(finding.code for finding in check(spec))
    for sync in spec.syncs:
        about = f"sync {sync.entity.name}"
        whole = _is_whole(sync)
        for code, claim in OF_A_SYNC.items():
            yield _by_check(claim, code, about, sync.span, holds=whole and code not in found)
        if any(trigger.kind == "webhook" for trigger in sync.triggers):
            for code, claim in OF_WEBHOOKS.items():
                yield _by_check(claim, code, about, sync.span, holds=whole and code not in found)
        yield from _of_owners(sync, whole)
        yield from _of_deletions(sync, whole)
        yield from _of_places(sync, whole)
    for side in spec.maps:
        about = f"map {side.entity.name} to {side.place}"
        for code, claim in OF_A_MAP.items():
            yield _by_check(claim, code, about, side.span, holds=side.complete and code not in found)
        for line in side.lines:
            yield from _of_line(side, line, found)
    for code, claim in OF_ALL.items():
        yield _by_check(claim, code, f"spec {spec.name}", spec.span, holds=code not in found)
    if any(True for side in spec.maps for _ in referring(side)):
        for code, claim in OF_REFERENCES.items():
            yield _by_check(claim, code, f"spec {spec.name}", spec.span, holds=code not in found)
    if spec.derivations:
        for code, claim in OF_DERIVATIONS.items():
            yield _by_check(claim, code, f"spec {spec.name}", spec.span, holds=code not in found)
    yield _of_loops(spec, found)
    for sync in spec.syncs:
        for one in assumptions(sync):
            yield Obligation(
                one.statement,
                "assumed",
                one.verdict,
                f"sync {sync.entity.name}",
                one.because[0] if one.because else None,
            )
    yield Obligation(
        "what a system spells on the wire is read as the value that was written",
        "assumed",
        "runtime",
        f"spec {spec.name}",
    )
    yield Obligation(
        "the generated code does what the spec says, and the runtime what this report says", "assumed", "tests-of-syncline",
        f"spec {spec.name}",
    )  # fmt: skip


def _of_owners(sync: Sync, whole: bool) -> Iterator[Obligation]:
    """Whether the conditions of owners exclude one another, and leave nothing out."""
    for choice in choices(sync):
        of, at, found = f"sync {sync.entity.name}: {choice.subject}", choice.rules[0].span, verdict(choice)
        for claim, proven, code in (
            ("no two conditions of its owners hold at once", found.disjoint, "truth.clash"),
            ("for every record some rule says who decides", found.complete, "truth.gap"),
        ):
            if proven and whole:
                yield Obligation(claim, "proven", code, of, at)
            else:
                yield Obligation(claim, "assumed", "conditions-not-comparable", of, at)


def _of_places(sync: Sync, whole: bool) -> Iterator[Obligation]:
    """Whether a new record gets one place at most, of several in one system."""
    for one, other in created_in_pairs(sync):
        of, at = f"sync {sync.entity.name}: {one.system.name} and {other.system.name}", other.span
        claim = "no record belongs to both by their `when`"
        if whole and apart(one, other).disjoint:
            yield Obligation(claim, "proven", "map.not-apart", of, at)
        else:
            yield Obligation(claim, "assumed", "conditions-not-comparable", of, at)


def _of_deletions(sync: Sync, whole: bool) -> Iterator[Obligation]:
    """Whether the conditions of deletions in a system exclude one another, and leave nothing out."""
    for rules, found in deletions(sync):
        of, at = f"sync {sync.entity.name}: deletions in {rules[0].system.account}", rules[0].span
        for claim, proven, code in (
            ("no two of their conditions hold at once", found.disjoint, "delete.clash"),
            ("for every record a clause says what becomes of it", found.complete, "delete.gap"),
        ):
            if proven and whole:
                yield Obligation(claim, "proven", code, of, at)
            else:
                yield Obligation(claim, "assumed", "conditions-not-comparable", of, at)


def _of_simulation(spec: Spec, tested: Tested | None) -> Iterator[Obligation]:
    """What held in every simulated schedule; the cases are schedules."""
    if tested is None:
        return
    for claim in tested.claims:
        yield Obligation(claim, "tested", SIMULATION, f"spec {spec.name}", spec.span, tested.schedules, tested.seed)


def _by_check(claim: str, code: str, of: str, at: Span, *, holds: bool) -> Obligation:
    if holds:
        return Obligation(claim, "proven", code, of, at)
    return Obligation(claim, "assumed", f"{code} was found and allowed, or not checked", of, at)


def _of_loops(spec: Spec, found: frozenset[str]) -> Obligation:
    about = f"spec {spec.name}"
    parts = list(loops(graph_of((spec,)))) if may_turn((spec,)) else []
    if LOOPS in found:
        return _by_check("loops of writes end after one lap", LOOPS, about, spec.span, holds=False)
    if not parts:
        claim = "no write sets off a loop through lines, what follows and automations, but for a field that goes there and back"
        return Obligation(claim, "proven", LOOPS, about, spec.span)
    # Of a tangled part not every loop is followed, so that this is never more than tested.
    followed = sum(1 for part in parts for _ in part)
    claim = "each loop of writes that was followed through lines, what follows and automations ends after one lap"
    status = "tested" if followed else "assumed"
    return Obligation(claim, status, LOOPS, about, spec.span, followed or None)


def _is_whole(sync: Sync) -> bool:
    return sync.complete and sync.entity.complete and all(side.complete for side in sync.maps)


def _of_line(side: Map, line: Line, found: frozenset[str]) -> Iterator[Obligation]:
    if line.field is None or not line.pipeline or line.arrow is Arrow.READ:
        return
    of = f"{side.place}: {line.field.name}"
    tried = evidence(line) if not found & {ONE_WAY, TWO_WAY} else NOTHING_TRIED
    if line.arrow is Arrow.WRITE:
        claim = "some value of the field can be written through these codecs"
        status = "tested" if tried.cases else "assumed"
        yield Obligation(
            claim, status, ONE_WAY if tried.cases else "codecs-not-run", of, line.span, tried.cases or None
        )
        return
    same = "as itself" if tried.equal else "as some value"
    if tried.exhaustive:
        yield Obligation(
            "each member is written through these codecs and read back as itself", "proven", TWO_WAY, of, line.span
        )
    elif tried.cases:
        yield Obligation(
            f"what is written through these codecs is read back {same}", "tested", TWO_WAY, of, line.span, tried.cases
        )
    else:
        yield Obligation(
            "what is written through these codecs is read back as itself", "assumed", "codecs-not-run", of, line.span
        )


def _entry(one: Obligation) -> dict[str, Any]:
    found: dict[str, Any] = {"claim": one.claim, "status": one.status, "by": one.by, "of": one.of}
    if one.at is not None:
        line, column = one.at.source.position(one.at.start)
        found["at"] = f"{_name(one.at.source.name)}:{line}:{column}"
    if one.cases is not None:
        found |= {"cases": one.cases, "seed": one.seed}
    return found


def _name(file: str) -> str:
    """A file without its folders, which differ from machine to machine."""
    return file.replace("\\", "/").rsplit("/", 1)[-1]
