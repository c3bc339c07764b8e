"""Automations inside a system: what it changes by itself when a record is written."""

from typing import TYPE_CHECKING

from syncline.model.spec import NativeField, ResourceModel, System
from syncline.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """`sets` change when one of `listens` does; when any field of the record does, if it names none."""

    system: System
    resource: ResourceModel
    sets: tuple[NativeField, ...]
    listens: tuple[NativeField, ...]
    span: Span
