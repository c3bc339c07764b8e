"""Fields that live in an embedded list of child records: read as the first child of their kind, written as commands. Pure.

The commands are Tryton's (`create`, `write`, `delete` in the value of the list), which Odoo's forerunner shares.
"""

from collections.abc import Mapping
from typing import Any

from syncline_runtime.connectors.paths import MISSING
from syncline_runtime.declaration import Child, NativeField
from syncline_runtime.values import Native


def asked(child: Child) -> list[str]:
    """The names under which a child's value and kind are asked for."""
    return [f"{child.list}.{name}" for name in (child.kind_field, child.value) if name]


def shown(record: Mapping[str, Any], child: Child) -> Any:
    """The value that a record shows for a child: None where it has none, MISSING where the list was not delivered."""
    children = _children(record, child)
    if children is None:
        return MISSING
    first = _first(children, child)
    return None if first is None else first.get(child.value)


def commanded(native: Native, fields: Mapping[str, NativeField], record: Mapping[str, Any] | None) -> Native:
    """`native` with its child fields turned into commands on their lists; `record` is what the system delivers of the lists now,
    None on a create. A child that has the value already gets no command."""
    written: dict[str, Any] = {}
    commands: dict[str, list[Any]] = {}
    for name, value in native.items():
        child = fields[name].child if name in fields else None
        if child is None:
            written[name] = value
            continue
        now = _first(_children(record or {}, child) or [], child)
        wanted = None if value == "" else value
        new = {child.value: wanted, **({child.kind_field: child.kind} if child.kind_field else {})}
        if now is None and wanted is not None:
            commands.setdefault(child.list, []).append(["create", [new]])
        elif now is not None and wanted is None:
            commands.setdefault(child.list, []).append(["delete", [now["id"]]])
        elif now is not None and now.get(child.value) != wanted:
            commands.setdefault(child.list, []).append(["write", [now["id"]], {child.value: wanted}])
    return {**written, **commands}


def _children(record: Mapping[str, Any], child: Child) -> list[Any] | None:
    # Tryton delivers what was asked by a dotted name under the name with its dot.
    for key in (f"{child.list}.", child.list):
        found = record.get(key)
        if isinstance(found, list):
            return found
    return None


def _first(children: list[Any], child: Child) -> Mapping[str, Any] | None:
    for one in children:
        if isinstance(one, dict) and "id" in one and (not child.kind_field or one.get(child.kind_field) == child.kind):
            return one
    return None
