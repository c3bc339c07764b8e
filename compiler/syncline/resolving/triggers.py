"""When a sync runs: `run every`, `run daily`, either of them `full`, `run on webhook`, `run after`."""

import re
from typing import Final

from syncline.model.spec import Trigger
from syncline.resolving.scope import Scope
from syncline.source import Span
from syncline.syntax import Entity, Quantity, Run, RunAfter, RunDaily, RunEvery, RunOnWebhook
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.time import known_zone

_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]").fullmatch
_LONGEST: Final = 366 * 86400
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def resolve_trigger(node: Run, scope: Scope) -> Trigger | None:
    """The trigger that a `run` line describes; None when it has been reported."""
    match node:
        case RunEvery(interval=interval, full=full):
            seconds = _seconds(interval, scope)
            return None if seconds is None else Trigger(kind="every", span=node.span, seconds=seconds, full=full)
        case RunDaily(at=at, zone=zone, full=full):
            if not _CLOCK(at.value):
                scope.findings.report("sync.schedule", at.span, problem="clock", found=at.value)
            elif _known(zone.value, zone.span, scope):
                return Trigger(kind="daily", span=node.span, at=at.value, zone=zone.value, full=full)
        case RunOnWebhook():
            return Trigger(kind="webhook", span=node.span)
        case RunAfter(entity=entity):
            synced = {other.entity.text for other in scope.declared.syncs}
            if entity.text in synced:
                return Trigger(kind="after", span=node.span, after=entity.text)
            declared = scope.declared.types.get(entity.text)
            code = "sync.after-unsynced" if isinstance(declared, Entity) else "name.unknown-entity"
            scope.findings.unknown(code, entity.text, entity.span, synced)
    return None


def _seconds(interval: Quantity, scope: Scope) -> int | None:
    length = _SECONDS.get(interval.unit)
    seconds = None if length is None else interval.value * length
    if seconds is None or not 1 <= seconds <= _LONGEST or seconds != int(seconds):
        scope.findings.report("sync.schedule", interval.span, problem="interval", found=interval.span.text)
        return None
    return int(seconds)


def _known(zone: str, span: Span, scope: Scope) -> bool:
    try:
        known_zone(zone)
    except CodecError:
        scope.findings.report("sync.schedule", span, problem="zone", found=zone)
        return False
    return True
