"""Where in the spec a generated mapping function failed."""

import linecache
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from syncline_runtime.codecs.refusal import MAPPING_ERRORS, CodecError
from syncline_runtime.declaration import FieldMap, Flow
from syncline_runtime.executing.reading import FieldRefused
from syncline_runtime.values import ABSENT, Native

_COMMENT: Final = re.compile(r"#\s*(\S+\.sync):(\d+)\s*$")
_TARGET: Final = re.compile(r'\s*"?([^"\s=]+)"?\s*[:=]')
_REACH: Final = 12
"""How many lines a statement may span before its comment."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one record could not be mapped: `field` of the entity, `place` as `file.sync:line`; never the value itself."""

    reason_code: str
    field: str
    detail: str
    place: str


def mapping_failure(error: Exception, mapping: FieldMap) -> Failure:
    """What to tell people about `error`, raised by a function of `mapping`.

    Generated code carries on each line the spec line it came from, `# crm_erp.sync:12`: the innermost such line is the place.
    """
    if isinstance(error, FieldRefused):
        return Failure(error.reason, error.field, f"expected {error.expected}, got {error.shown}", error.place)
    place, line, statement = _place(error.__traceback__)
    field = _field(mapping, line, statement)
    if isinstance(error, CodecError):
        return Failure(error.reason, field, f"expected {error.expected}, got {error.shown}", place)
    # The message of a Python error may quote the value, which may be personal: its class is enough.
    return Failure("expression.failed", field, f"the expression failed ({type(error).__name__})", place)


def _field(mapping: FieldMap, line: int, statement: str) -> str:
    """The field of the line of a spec; of several that stand on one, the one that the statement begins with."""
    own = [flow for flow in mapping.flows if line and flow.line == line]
    begins = _TARGET.match(statement)
    if len(own) > 1 and begins is not None:
        own = [flow for flow in own if begins[1] == flow.field or begins[1] in flow.native] or own
    return own[0].field if own else ""


def readable(mapping: FieldMap, native: Native) -> tuple[dict[str, Any], tuple[Failure, ...]]:
    """What a record shows, but for fields that cannot be read, and why these cannot. Raises one of MAPPING_ERRORS where it is
    no single field's fault."""
    try:
        return mapping.read(native), ()
    except MAPPING_ERRORS as error:
        first, failure = error, mapping_failure(error, mapping)
    failures: list[Failure] = []
    left = dict(native)
    for _ in mapping.flows:
        names = natives_of(mapping, failure.field)
        if all(left.get(name) is ABSENT for name in names):
            break
        failures.append(failure)
        left.update(dict.fromkeys(names, ABSENT))  # not left out: that may stand for null
        try:
            return mapping.read(left), tuple(failures)
        except MAPPING_ERRORS as error:
            failure = mapping_failure(error, mapping)
    raise first


def flow_of(mapping: FieldMap, field: str) -> Flow:
    """The line of an entity's field, or one that says nothing."""
    none = Flow(field=field, native=(), contributes=False, writes=False)
    return next((flow for flow in mapping.flows if flow.field == field), none)


def natives_of(mapping: FieldMap, field: str) -> frozenset[str]:
    """The resource's fields that the lines of an entity's field read and write."""
    return frozenset(name for flow in mapping.flows if flow.field == field for name in flow.native)


def _place(trace: TracebackType | None) -> tuple[str, int, str]:
    """Where in the spec, as `file.sync:line` and as a number, and the statement that failed."""
    found = ("", 0, "")
    while trace is not None:
        filename, names = trace.tb_frame.f_code.co_filename, trace.tb_frame.f_globals
        for line in range(trace.tb_lineno, trace.tb_lineno + _REACH):
            comment = _COMMENT.search(linecache.getline(filename, line, names))
            if comment is not None:
                statement = linecache.getline(filename, trace.tb_lineno, names)
                found = (f"{comment[1]}:{comment[2]}", int(comment[2]), statement)
                break
        trace = trace.tb_next
    return found
