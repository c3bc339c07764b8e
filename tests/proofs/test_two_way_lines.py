"""Each proof is doubled: what `check` accepts as two-way, the generated functions obey; what it refuses has a witness.

Refusals of lines for which no witness is found are counted and shown: a checker that is too strict is a fault as well.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as filled
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import PRELUDE, sample
from syncline.examples.loading import load_package
from syncline.model.spec import Spec
from syncline.pipeline import check_spec, generate
from syncline_runtime import codecs
from syncline_runtime.codecs import CODECS, CodecError, table
from syncline_runtime.declaration import FieldMap
from syncline_runtime.values import ABSENT, Money
from tests.proofs.lines import ENUM, LINES, RandomLine
from tests.proofs.refusals import bounds, strays

PROVEN = ("codec.not-invertible", "codec.empty-domain")
"""The findings that claim that a line does not carry its values."""

ILL_TYPED = ("codec.arguments", "codec.table-duplicate", "codec.type-mismatch")
"""Lines that the language does not know; the strategy writes a few."""

LINES_OF_A_SPEC = 12
SAMPLES = 12


def spec_of(lines: Sequence[RandomLine]) -> tuple[Spec, dict[int, Diagnostic]]:
    """The model of lines that map `f<n>` to `n<n>_<m>`, and the first finding of each line."""
    natives = "\n".join(
        f"  n{number}_{at} : {native}" for number, line in enumerate(lines) for at, native in enumerate(line.natives)
    )
    fields = "\n".join(f"  f{number} : {line.type}" for number, line in enumerate(lines))
    mapped = []
    for number, line in enumerate(lines):
        names = [f"n{number}_{at}" for at in range(len(line.natives))]
        native = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        mapped.append(f"  f{number} <-> {native}" + (f" as {line.codecs}" if line.codecs else ""))
    text = (
        f"{PRELUDE}{ENUM}extend crm {{ resource contacts {{\n{natives}\n}} }}\nentity E {{\n{fields}\n}}\n"
        "map E to crm.contacts {\n" + "\n".join(mapped) + "\n}\n"
    )
    checked = check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get)
    assert checked.model is not None
    first = text[: text.index("map E to")].count("\n") + 2
    found: dict[int, Diagnostic] = {}
    for one in checked.diagnostics:
        assert 0 <= one.span.line - first < len(lines), (one, text)
        found.setdefault(one.span.line - first, one)
    return checked.model, found


def same(line: RandomLine, one: Any, other: Any) -> bool:
    """Whether two values differ by no more than what the line's codecs say that they take for the same."""
    if one == other:
        return True
    if isinstance(one, str | None) and isinstance(other, str | None):
        return folded(line, one) == folded(line, other)
    if isinstance(one, Money) and isinstance(other, Money):
        return False
    if isinstance(one, Decimal) and isinstance(other, Decimal) and "round" in line.folds:
        places = int(line.codecs.partition("round(")[2].partition(")")[0])
        return abs(one - other) * 2 <= Decimal(10) ** -places
    if isinstance(one, datetime) and isinstance(other, datetime):
        # Seconds, or milliseconds; the hour that is there twice in autumn.
        return abs(one - other) < timedelta(seconds=1) or (
            "zone" in line.folds and abs(one - other) <= timedelta(hours=1)
        )
    return False


def folded(line: RandomLine, text: str | None) -> str:
    text = text or ""
    if "strip" in line.folds:
        for part in line.codecs.split("strip(")[1:]:
            for character in part[1:].partition('"')[0]:
                text = text.replace(character, "")
    if {"trim", "strip"} & line.folds:
        text = text.strip()
    return text.casefold() if {"lower", "upper"} & line.folds else text


def breach(field_map: FieldMap, number: int, line: RandomLine, value: Any, native: tuple[Any, ...]) -> str:
    """What a value and a native show to be wrong with a line: empty where both laws hold, or the value is refused."""
    name = f"f{number}"
    try:
        written = field_map.write({name: value}, None)
    except CodecError:
        written = None
    if written is not None:
        try:
            back = field_map.read(written)[name]
        except CodecError:
            return f"{value!r} is written as {written} and refused when it is read"
        if not same(line, value, back):
            return f"{value!r} is written as {written} and read as {back!r}"
    before = {f"n{number}_{at}": one for at, one in enumerate(native)}
    try:
        read = field_map.read(before)[name]
    except CodecError:
        return ""
    try:
        after = field_map.write({name: read}, before)
    except CodecError:
        return ""  # held where somebody edits it elsewhere; what nobody edits is not written back
    try:
        again = field_map.read({**before, **after})[name]
    except CodecError:
        return f"{before} is read as {read!r}, written as {after} and refused"
    return "" if same(line, read, again) else f"{before} is read as {read!r}, written as {after}, read as {again!r}"


@pytest.mark.parametrize(
    ("codecs", "value"),
    [('lower then none("n/a")', "N/A"), ('upper then none("N/A")', "n/a"), ('trim then none("-")', " - ")],
)
def test_a_value_that_a_codec_turns_into_the_spelling_of_absence(codecs: str, value: str) -> None:
    line = RandomLine("text?", ("text?",), codecs, st.none(), st.none())
    assert spec_of([line])[1][0].code == "codec.not-invertible"
    assert breach(interpreted(line), 0, line, value, ("x",))
    turned = RandomLine("text?", ("text?",), " then ".join(reversed(codecs.split(" then "))), st.none(), st.none())
    assert not spec_of([turned])[1]
    assert not breach(generated([turned]), 0, turned, value, ("x",))


@pytest.mark.parametrize("codecs", ['upper then suffix("2")', 'upper then prefix("1")'])
def test_a_text_of_full_length_is_written_with_what_is_put_around_it(codecs: str) -> None:
    line = RandomLine("text(8)", ("text(9)",), codecs, st.none(), st.none())
    (native,) = generated([line]).write({"f0": "A" * 8}, None).values()
    assert len(native) == 9
    with pytest.raises(CodecError):
        generated([line]).write({"f0": "A" * 7 + "ß"}, None)


def doubly_meant(line: RandomLine) -> bool:
    """Whether a table says of one spelling that it means two members: one of the two rows is not what happens."""
    model, _ = spec_of([line])
    natives = [native for use in model.maps[0].lines[0].pipeline for _, row in use.table for native in row]
    return len(set(natives)) < len(natives)


def writable(field_map: FieldMap, number: int, values: Sequence[Any]) -> Iterator[bool]:
    for value in values:
        try:
            field_map.write({f"f{number}": value}, None)
        except CodecError:
            yield False
        else:
            yield True


def generated(lines: Sequence[RandomLine]) -> FieldMap:
    """The functions that a build writes for lines that were accepted."""
    model, found = spec_of(lines)
    assert not found
    return load_package(generate(model)).mappings[0]


def interpreted(line: RandomLine) -> FieldMap:
    """What the functions of a refused line would do: some cannot be generated."""
    model, _ = spec_of([line])
    (written,) = model.maps[0].lines
    steps = [
        (
            CODECS[use.name],
            (table(dict(use.table), ABSENT if use.otherwise is None else use.otherwise),)
            if use.table
            else use.arguments,
        )
        for use in written.pipeline
    ]
    names = [native.name for native in written.natives]

    def read(native: dict[str, Any]) -> dict[str, Any]:
        value: Any = native[names[0]] if len(names) == 1 else tuple(native[name] for name in names)
        for codec, arguments in steps:
            value = getattr(codecs, codec.get)(value, *arguments)
        return {"f0": frozenset(value) if isinstance(value, tuple) and line.type.startswith("set") else value}

    def write(values: Mapping[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
        value = values["f0"]
        for codec, arguments in reversed(steps):
            value = getattr(codecs, codec.put)(value, *arguments, *((len(names),) if codec.needs_count else ()))
        return dict(zip(names, value if len(names) > 1 else (value,), strict=True))

    return FieldMap(entity="E", system="crm", resource="contacts", flows=(), read=read, write=write)


def tries_of(line: RandomLine) -> st.SearchStrategy[list[tuple[Any, tuple[Any, ...]]]]:
    """Values for the line's field, and natives for its resource."""
    return st.lists(st.tuples(line.values, line.read), min_size=SAMPLES, max_size=SAMPLES)


def has_witness(line: RandomLine, code: str, data: st.DataObject) -> bool:
    """Whether some value shows that a refused line is rightly refused: its code is made all the same."""
    tries = data.draw(tries_of(line))
    if code in PROVEN:
        refused = interpreted(line)
        broken = doubly_meant(line) or any(breach(refused, 0, line, value, native) for value, native in tries)
        return broken or not all(writable(refused, 0, [value for value, _ in tries]))
    model, _ = spec_of([line])
    (written,) = model.maps[0].lines
    assert written.field is not None
    made, plain = load_package(generate(model)).mappings[0], interpreted(line)
    first = written.natives[0]
    values = (*(value for value, _ in tries), *bounds(written.field.type))
    natives = (*(native for _, native in tries), *((one,) for one in bounds(first.type, first.wire)))
    pairs = [*((value, natives[0]) for value in values), *((values[0], native) for native in natives)]
    return any(strays(written, "f0", made, plain, value, native) for value, native in pairs)


@dataclass
class Doubled:
    """What became of the lines of random specs: how many by verdict, and the refusals without a witness."""

    told: Counter[str] = filled(default_factory=Counter)
    refused: Counter[str] = filled(default_factory=Counter)
    too_strict: Counter[str] = filled(default_factory=Counter)
    strict: dict[str, str] = filled(default_factory=dict)

    def add(self, other: "Doubled") -> None:
        self.told.update(other.told)
        self.refused.update(other.refused)
        self.too_strict.update(other.too_strict)
        self.strict.update(other.strict)

    def lines(self) -> Iterator[str]:
        """It in words."""
        yield "two-way lines: " + ", ".join(f"{count:,} {what}" for what, count in self.told.most_common())
        for code, count in self.refused.most_common():
            yield f"  refused by {code}: {count:,}, without a witness: {self.too_strict[code]:,}"
        for written, why in self.strict.items():
            yield f"  no witness found for {written} ({why})"


def doubled(specs: int, start: int) -> Doubled:
    """Double the proofs of so many random specs, made from a seed. Raises AssertionError for a line that breaks its law."""
    found_all = Doubled()
    told, strict = found_all.told, found_all.strict

    @seed(start)
    @settings(
        max_examples=specs,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(LINES, min_size=LINES_OF_A_SPEC, max_size=LINES_OF_A_SPEC), st.data())
    def double(lines: list[RandomLine], data: st.DataObject) -> None:
        _, found = spec_of(lines)
        accepted = [line for number, line in enumerate(lines) if number not in found]
        told["accepted"] += len(accepted)
        told["values tried"] += SAMPLES * len(lines)
        field_map = generated(accepted)
        for number, line in enumerate(accepted):
            for value, native in data.draw(tries_of(line)):
                wrong = breach(field_map, number, line, value, native)
                assert not wrong, f"{line.type} <-> {line.natives} as {line.codecs}: {wrong}"
        refusals = {number: one for number, one in found.items() if one.code not in ILL_TYPED}
        told["ill-typed"] += len(found) - len(refusals)
        for number, finding in refusals.items():
            line = lines[number]
            found_all.refused[finding.code] += 1
            if not has_witness(line, finding.code, data):
                found_all.too_strict[finding.code] += 1
                shown = f"{line.type} <-> {', '.join(line.natives)} as {line.codecs}"
                strict[shown] = f"{finding.code}, named: {finding.facts.get('value')}"

    double()
    return found_all


def test_what_is_accepted_obeys_and_what_is_refused_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    found = doubled(40, 20261121)
    with capsys.disabled():
        print("", *found.lines(), sep="\n  ")
    told = found.told
    assert told["accepted"] > 100
    assert sum(found.refused[code] for code in PROVEN) > 10
    assert found.too_strict.total() * 20 <= found.refused.total()


@pytest.mark.parametrize(
    ("type_", "native", "codecs", "code"),
    [
        ("text(9)", "text(8)", "", "type.narrowing-length"),
        ("text(8)", "text(9)", 'prefix("ab")', "type.narrowing-length"),
        ("text(8)", "text(9)", "", "type.narrowing-length"),
        ("decimal(9, 1)", "decimal(9, 3)", "", "type.narrowing-range"),
        ("decimal(9, 3)", "decimal(7, 1)", "", "type.narrowing-scale"),
        ("text?", "text required", "", "type.null-into-required"),
        ("text", "text?", "", "type.null-from-optional"),
        ("Stage", "text", '{ lead: "L", won: "W" }', "enum.gap"),
    ],
)
@seed(1)
@settings(max_examples=1, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_refusal_by_type_has_a_witness(type_: str, native: str, codecs: str, code: str, data: st.DataObject) -> None:
    nothing = st.sampled_from(("lead", "won")) if type_ == "Stage" else st.just(None if "?" in type_ else "a")
    if "decimal" in type_:
        nothing = st.just(Decimal(1))
    line = RandomLine(type_, (native,), codecs, nothing, nothing.map(lambda one: (one,)))
    _, found = spec_of([line])
    assert found[0].code == code
    assert has_witness(line, code, data)
