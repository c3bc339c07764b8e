"""What a generated package declares: frozen values that the executor reads and never changes.

A generated module *declares* and *maps*; this package *does*. Everything here is data, but for the pure functions
(`read`, `write`, predicates) that the generated modules define and hand over by reference.
"""

from syncline_runtime.certified import refuse, require_as_built
from syncline_runtime.declaration.entities import (
    BackReference,
    ByKey,
    Collection,
    Computation,
    Condition,
    Entity,
    FieldMap,
    Flow,
    Look,
    MatchRule,
    Picked,
    Targets,
    Timed,
    Values,
    When,
)
from syncline_runtime.declaration.package import Derivation, Package, Stamp, derived_from
from syncline_runtime.declaration.policy import (
    Ask,
    Case,
    Cases,
    Creation,
    Daily,
    Deletion,
    Drift,
    Erasure,
    Every,
    GuardLimit,
    Merged,
    Newest,
    OnDelete,
    OnWebhook,
    Owned,
    Prefers,
    Rule,
    Sync,
    Trigger,
    Updating,
)
from syncline_runtime.declaration.systems import (
    SCHEMES,
    SLOTS,
    WAYS,
    Body,
    Call,
    Child,
    Connector,
    Errors,
    FromEnvironment,
    HeaderAuth,
    Hook,
    Listing,
    Literally,
    Login,
    NativeField,
    Operation,
    Paging,
    Rate,
    Resource,
    Scheme,
    SettingSource,
    Since,
    Slot,
    System,
    Text,
    Through,
    Webhooks,
    deletions_of,
)

__all__ = [
    "RUNTIME_API",
    "SCHEMES",
    "SLOTS",
    "WAYS",
    "Ask",
    "BackReference",
    "Body",
    "ByKey",
    "Call",
    "Case",
    "Cases",
    "Child",
    "Collection",
    "Computation",
    "Condition",
    "Connector",
    "Creation",
    "Daily",
    "Deletion",
    "Derivation",
    "Drift",
    "Entity",
    "Erasure",
    "Errors",
    "Every",
    "FieldMap",
    "Flow",
    "FromEnvironment",
    "GuardLimit",
    "HeaderAuth",
    "Hook",
    "Listing",
    "Literally",
    "Login",
    "Look",
    "MatchRule",
    "Merged",
    "NativeField",
    "Newest",
    "OnDelete",
    "OnWebhook",
    "Operation",
    "Owned",
    "Package",
    "Paging",
    "Picked",
    "Prefers",
    "Rate",
    "Resource",
    "Rule",
    "RuntimeMismatch",
    "Scheme",
    "SettingSource",
    "Since",
    "Slot",
    "Stamp",
    "Sync",
    "System",
    "Targets",
    "Text",
    "Through",
    "Timed",
    "Trigger",
    "Updating",
    "Values",
    "Webhooks",
    "When",
    "deletions_of",
    "derived_from",
    "require_as_built",
    "require_runtime",
]

RUNTIME_API = 1
"""Bumped by hand whenever a package generated for the former number would no longer run correctly."""


class RuntimeMismatch(ImportError):
    """The generated package and the installed runtime do not fit together."""


def require_runtime(api: int, package: str) -> None:
    """Raise RuntimeMismatch, with its remedy, unless this runtime executes packages generated for `api`."""
    if api == RUNTIME_API:
        return
    remedy = (
        "upgrade it with `pip install -U syncline-runtime`"
        if api > RUNTIME_API
        else "generate the package again with `syncline build` (or install the older syncline-runtime)"
    )
    refuse(
        RuntimeMismatch(
            f"package {package!r} was generated for runtime API {api}, the installed syncline-runtime offers {RUNTIME_API}: "
            f"{remedy}"
        )
    )
