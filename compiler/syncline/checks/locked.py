"""Schema drift: what a system's connector says of it is not what the lock beside the spec was made from."""

from collections.abc import Callable, Iterable, Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.evolution.locking import drifts, read_lock
from syncline.model.spec import Spec


def check_lock(name: str, data: bytes) -> Callable[[Spec], Iterable[Diagnostic]]:
    """The check of a spec against its lock file: lock.drift, lock.unreadable."""

    def check_locked(spec: Spec) -> Iterator[Diagnostic]:
        lock = read_lock(data)
        if lock is None:
            yield Diagnostic("lock.unreadable", spec.span, {"lock": name, "file": spec.file})
            return
        for system, one in drifts(spec, lock):
            declared = spec.systems.get(system)
            yield Diagnostic(
                "lock.drift",
                spec.span if declared is None else declared.span,
                {
                    "what": one.subject.split(" ", 1)[1],
                    "aspect": one.aspect,
                    "old": one.old or "nothing",
                    "new": one.new or "nothing",
                    "lock": name,
                    "file": spec.file,
                },
                severity=Severity.HINT if one.safe else Severity.ERROR,
            )

    return check_locked
