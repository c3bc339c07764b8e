"""Each example through the maps or the truth rules; the findings say, field by field, what came of it instead."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.emitting import emit
from syncline.examples.deciding import decided
from syncline.examples.difference import difference, refused
from syncline.examples.loading import load_package
from syncline.lowering import lower
from syncline.lowering.mapping import slots
from syncline.model.examples import MapExample, NativeSample, TruthExample
from syncline.model.spec import Arrow, Line, Map, Spec
from syncline_runtime.codecs import CodecError
from syncline_runtime.declaration import FieldMap, Package
from syncline_runtime.values import ABSENT


def run_examples(spec: Spec) -> tuple[Diagnostic, ...]:
    """example.fails for each field of each example that does not become what the example says. `spec` has no errors."""
    try:
        package = load_package(emit(lower(_shown_in_examples(spec))))
    except CodecError as error:
        return tuple(refused(example.span, example.title, "package", error) for example in spec.examples)
    found: list[Diagnostic] = []
    for example in spec.examples:
        match example:
            case MapExample():
                for sample in example.shown:
                    found.extend(_mapped(example, sample, package))
            case TruthExample():
                found.extend(decided(example, package))
    return tuple(found)


def _shown_in_examples(spec: Spec) -> Spec:
    """The part of the spec that its examples are about."""
    names = {
        example.sync.entity.name if isinstance(example, TruthExample) else example.shown[0].map.entity.name
        for example in spec.examples
    }
    return replace(
        spec,
        entities={name: entity for name, entity in spec.entities.items() if name in names},
        maps=tuple(field_map for field_map in spec.maps if field_map.entity.name in names),
        syncs=tuple(sync for sync in spec.syncs if sync.entity.name in names),
    )


def _mapped(example: MapExample, sample: NativeSample, package: Package) -> Iterator[Diagnostic]:
    """What a record shows that is not what was expected; then what it shows after it was written back."""
    field_map = package.mapping(sample.map.entity.name, sample.map.system.name)
    try:
        shown = field_map.read(sample.record())
    except CodecError as error:
        yield refused(sample.span, example.title, "read", error)
        return
    failed = False
    for name, expected in example.expected.values.items():
        line = _line_of(sample.map, name)
        if line is None:
            yield difference(example, example.expected.spans[name], "unmapped", name, expected, ABSENT, sample.map)
            failed = True
        elif line.arrow is not Arrow.WRITE and (got := shown.get(name, ABSENT)) != expected:
            yield difference(example, example.expected.spans[name], "read", name, expected, got, sample.map, line)
            failed = True
    if not failed:
        yield from _written(example, sample, field_map, shown)


def _written(
    example: MapExample, sample: NativeSample, field_map: FieldMap, shown: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """A two-way line reads back what it wrote; a one-way line writes what the example says that the record holds."""
    expected = example.expected
    read = {line.field.name for line in sample.map.lines if line.field and line.arrow is not Arrow.WRITE}
    known = {name: value for name, value in shown.items() if name in read and value is not ABSENT}
    values = {**dict.fromkeys(sample.map.entity.fields, ABSENT), **known, **expected.values}
    try:
        written = field_map.write(values, sample.record())
        stored = field_map.normalise(written) if field_map.normalise else written
        after = field_map.read({**sample.record(), **stored})
    except CodecError as error:
        yield refused(expected.span, example.title, "write", error)
        return
    keys = slots(sample.map)
    for position, line in enumerate(sample.map.lines):
        slot, names = keys[position], [native.name for native in line.natives]
        if line.arrow is Arrow.BOTH and line.field is not None and line.field.name in expected.values:
            want, got = expected.values[line.field.name], after.get(slot, ABSENT)
            if got != want:
                span = expected.spans[line.field.name]
                yield difference(example, span, "written", line.field.name, want, got, sample.map, line)
        elif line.arrow is Arrow.WRITE and all(name in sample.values for name in names):
            if any(name not in written for name in names) or after.get(slot, ABSENT) == shown.get(slot, ABSENT):
                continue
            for name in names:
                if written[name] != sample.values[name]:
                    yield difference(
                        example, sample.spans[name], "sent", name, sample.values[name], written[name], sample.map, line
                    )


def _line_of(field_map: Map, name: str) -> Line | None:
    """The line that carries a field: the one that names it, or one whose expression does."""
    for line in field_map.lines:
        if line.field is not None and line.field.name == name:
            return line
    return next((line for line in field_map.lines if line.arrow is Arrow.WRITE and line.expression is not None), None)
