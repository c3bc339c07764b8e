"""Conditional writes: updates that a system refuses by itself where the record is not as it was when they were decided upon."""

from collections.abc import Mapping

from syncline_runtime.declaration import Body, Call, Connector, Resource, Slot, Text


def conditional(connector: Connector, resource: Resource) -> bool:
    """Whether every update carries the version on which it was decided, so that nobody needs to read the record before.

    Of a version that is a time this is not known: two changes within one tick of its clock have the same. An ETag is told by
    reading alone.
    """
    update = resource.update
    if resource.lock != "version" or resource.version is None or resource.version_is_time or resource.read is None:
        return False
    match connector.protocol:
        case "sql" | "files":
            return update is not None
        case "rest":
            return (
                update is not None
                and update.batch is None
                and update.many == 1
                and not resource.merged
                and has_slot(update.call, "version")
            )
        case _:
            return False


def has_slot(part: "Call | Body", name: str) -> bool:
    """Whether a call has a place for a slot."""
    match part:
        case Call(target=target, body=body, query=query, headers=headers):
            return any(has_slot(each, name) for each in (target, body, query, headers))
        case Slot(found):
            return found == name
        case Text(template):
            return f"{{{name}}}" in template
        case str() | int() | None:
            return False
        case Mapping():
            return any(has_slot(each, name) for each in part.values())
        case _:
            return any(has_slot(each, name) for each in part)
