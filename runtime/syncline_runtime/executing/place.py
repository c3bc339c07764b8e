"""Where in the spec a generated mapping function failed."""

import linecache
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import FieldMap
from syncline_runtime.executing.reading import FieldRefused

_COMMENT: Final = re.compile(r"#\s*(\S+\.sync):(\d+)\s*$")
_REACH: Final = 12
"""How many lines a statement may span before its comment."""

MAPPING_ERRORS: Final = (CodecError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a mapping function may raise for one record; anything else is a fault of ours and stops the run."""


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
    place, line = _place(error.__traceback__)
    field = next((flow.field for flow in mapping.flows if line and flow.line == line), "")
    if isinstance(error, CodecError):
        return Failure(error.reason, field, f"expected {error.expected}, got {error.shown}", place)
    # The message of a Python error may quote the value, which may be personal: its class is enough.
    return Failure("expression.failed", field, f"the expression failed ({type(error).__name__})", place)


def _place(trace: TracebackType | None) -> tuple[str, int]:
    found = ("", 0)
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        for line in range(trace.tb_lineno, trace.tb_lineno + _REACH):
            comment = _COMMENT.search(linecache.getline(filename, line))
            if comment is not None:
                found = (f"{comment[1]}:{comment[2]}", int(comment[2]))
                break
        trace = trace.tb_next
    return found
