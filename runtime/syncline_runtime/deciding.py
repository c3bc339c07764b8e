"""The decision tables: what a link becomes, and what is to be done about it. Pure and deterministic."""

from collections.abc import Collection

from syncline_runtime.declaration import Values
from syncline_runtime.policy import Policy
from syncline_runtime.records import Action, Decision, Link
from syncline_runtime.values import Value


def decide(policy: Policy, link: Link, *, barred: Collection[str] = ()) -> Decision:
    """Decide what `link` becomes and derive its actions.

    `policy` comes from `prepare(sync, entity, maps)`, once a run. `barred` names the systems with an open intent: they get no
    action. The link of the decision is what to commit before acting: new agreed values, what was seen accounted for in the shadows.
    """
    raise NotImplementedError


def actions(policy: Policy, link: Link, *, barred: Collection[str] = ()) -> tuple[Action, ...]:
    """Derive the work left in a decided link: CREATE where it has no member, UPDATE where the wanted value is not shown."""
    raise NotImplementedError


def want(policy: Policy, system: str, values: Values) -> Values:
    """Return what `system` shows once it holds `values`, for the lines it is kept in step with. Raises CodecError."""
    raise NotImplementedError


def resolve(link: Link, field: str, value: Value) -> Link:
    """Settle a held field as a person decided: `value` is agreed, what the members show is accounted for."""
    raise NotImplementedError
