"""Turns: what is new is linked, everything is decided, and what was decided is done, until no other turn would bring it on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

from syncline_runtime.declaration import Sync
from syncline_runtime.executing.apply import apply
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.correlate import correlate_unlinked
from syncline_runtime.executing.decide import Counts, decide_unsettled
from syncline_runtime.executing.derive import DELETIONS, Held
from syncline_runtime.executing.observe import reread
from syncline_runtime.executing.referring import wake_by_key
from syncline_runtime.executing.resolve import resolve
from syncline_runtime.executing.summary import DONE
from syncline_runtime.guarding import guard, rebased
from syncline_runtime.records import ActionKind


async def run_turns(contexts: Sequence[Context], decided: Mapping[str, Held] | None = None) -> dict[str, Held]:
    """Decide and apply in turns; by entity, what guards held back at last. `decided`: what is held back in the first turn, which
    was decided already."""
    held: dict[str, Held] = {}
    turns = contexts[0].options.rounds
    for turn in count():
        if turn:
            # What a guard read or an answer showed anew is decided in the same run.
            for context in contexts:
                await reread(context)
        if turn or decided is None:
            held = decide_group(contexts)
        else:
            held = {context.entity.name: decided.get(context.entity.name, {}) for context in contexts}
        before = sum(context.summary.tried for context in contexts)
        for context in contexts:
            with timed(context, "apply"):
                await apply(context, held[context.entity.name])
        tried = sum(context.summary.tried for context in contexts) - before
        # Who waited for what was written now gets a turn, however many there were.
        woken = tried and turns > 1 and sum(_wake(context) for context in contexts)
        left = any(context.ending or context.store.unsettled(context.entity.name, 0, 1) for context in contexts)
        if not woken and (turn + 1 >= turns or not left or (turn and not tried)):
            break
    return held


async def delete_last(context: Context, held: Held) -> None:
    """What is to be deleted, once all else is done in every sync: those that refer to others go first."""
    context.later = frozenset(ActionKind) - DELETIONS
    with timed(context, "apply"):
        await apply(context, held)


def decide_group(contexts: Sequence[Context]) -> dict[str, Held]:
    """Link all that is new before anything is decided that may refer to it; by entity, what guards hold back."""
    counts: dict[str, Counts] = {context.entity.name: {} for context in contexts}
    first_new = {context.entity.name: _correlate(context, counts[context.entity.name]) for context in contexts}
    return {
        context.entity.name: _decide(context, counts[context.entity.name], first_new[context.entity.name])
        for context in contexts
    }


def _correlate(context: Context, counts: Counts) -> int:
    """Link what is new; the first link that is not to be decided once more."""
    context.rebasing = context.options.rebase or bool(context.store.setting(rebasing_setting(context.sync)))
    context.telling |= context.rebasing
    with timed(context, "correlate"):
        resolve(context)
        # What people link is decided with the others: one answer may give to a link of another what was not there yet.
        first_new = context.store.reserve_links(0)
        correlate_unlinked(context, counts)
    return context.store.reserve_links(0) if context.linked_first else first_new


def _decide(context: Context, counts: Counts, before: int) -> Held:
    store, entity = context.store, context.entity.name
    _wake(context)
    with timed(context, "decide"):
        decide_unsettled(context, counts, before=before)
    for where, planned in counts.items():
        context.summary.planned[where] = max(planned, context.summary.planned.get(where, 0))
    held: dict[str, frozenset[ActionKind]] = {}
    sync = rebased(context.sync) if context.rebasing else context.sync
    # What an earlier round of this run did counts too, and a link that it closed was one.
    done = {
        (system, kind): context.summary.done.get((system, word), 0)
        for kind, word in DONE.items()
        for system in context.sides
    }
    counts = {where: counts.get(where, 0) + done.get(where, 0) for where in {*counts, *done}}
    # Where nothing is to be done, nothing is counted.
    links = store.count_links(entity) + context.closed if any(counts.values()) else 0
    for hold in guard(sync, counts, links):
        granted = context.granted.get((hold.system, hold.operation))
        if hold.operation in context.options.approved or (granted is not None and hold.count <= granted):
            continue
        held[hold.system] = held.get(hold.system, frozenset()) | frozenset(hold.operations)
        context.summary.guarded[hold.system, hold.operation] = hold.count
        line = f"{hold.reason}; look at `plan`, then let them pass with `{hold.release}`"
        line += "" if context.run_id == 0 else f" or `review approve {context.run_id}`"
        line += "" if granted is None else f" (up to {granted} were approved)"
        if line not in context.summary.held:
            context.summary.held.append(line)
    return held


def _wake(context: Context) -> int:
    """Take up again what waited for a record that is there by now."""
    if not context.refers:
        return 0
    with context.store.transaction():
        if context.keyed and not context.summary.tried:
            wake_by_key(context)
        return context.store.wake(context.entity.name)


def rebasing_setting(sync: Sync) -> str:
    """Where it stands in the state that creates are held until a person lets them pass."""
    return f"rebased:{sync.entity}"


@contextmanager
def timed(context: Context, phase: str) -> Iterator[None]:
    """Add what the body takes to the seconds of a phase, for the summary."""
    started = context.clock.now()
    try:
        yield
    finally:
        seconds = context.summary.seconds
        seconds[phase] = seconds.get(phase, 0.0) + context.clock.now() - started
