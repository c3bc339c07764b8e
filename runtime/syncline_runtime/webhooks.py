"""What a system calls about: a webhook is verified, and read for the ids that it names. Nothing else of it is ever used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from syncline_runtime.declaration import Hook, Resource
from syncline_runtime.signing import Rejected, Signing, verified

LONGEST_BODY: Final = 1024 * 1024
KEPT_SECONDS: Final = 7 * 86_400.0
"""How long an event's id is remembered: a second delivery within it does nothing."""

_LONGEST_NAME, _MOST_RECORDS = 255, 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One verified call: the sender's id of it, and the records it names as (resource, remote id)."""

    event_id: str
    records: tuple[tuple[str, str], ...]
    body_sha256: str


def received(
    signing: Signing, resources: Mapping[str, Resource], headers: Mapping[str, str], body: bytes, now: float
) -> Event:
    """The event that a call tells. `headers` go by their names in lower case. Raises Rejected, whatever is wrong."""
    try:
        if len(body) > LONGEST_BODY:
            raise Rejected("it is too long")
        event_id = verified(signing, headers, body, now)
        payload = msgspec.json.decode(body)
        records = tuple(dict.fromkeys(_records(resources, payload)))
    except Rejected:
        raise
    except Exception as error:  # a call that cannot be read is nobody's, however it fails
        raise Rejected(f"it cannot be read ({type(error).__name__})") from None
    return Event(event_id, records[:_MOST_RECORDS], sha256(body).hexdigest())


def _records(resources: Mapping[str, Resource], payload: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(payload, dict | list):
        raise Rejected("it holds no record")
    events = payload if isinstance(payload, list) else [payload]
    for event in events:
        for name, resource in resources.items():
            hook = resource.webhook
            if hook is not None and _speaks_of(hook, event):
                for found in _at(event, hook.id.split(".")):
                    if isinstance(found, str | int) and not isinstance(found, bool):
                        remote_id = str(found)
                        if 0 < len(remote_id) <= _LONGEST_NAME and remote_id.isprintable():
                            yield name, remote_id


def _speaks_of(hook: Hook, event: Any) -> bool:
    return not hook.event or any(found in hook.events for found in _at(event, hook.event.split(".")))


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; `*` is every element of a list, and each value of an object."""
    if not path:
        yield value
    elif path[0] == "*":
        for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            yield from _at(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
    elif isinstance(value, list) and path[0].isdecimal() and int(path[0]) < len(value):
        yield from _at(value[int(path[0])], path[1:])
