"""What happened in a schedule, in words for people who know the systems and not the executor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from syncline_runtime.simulation.world import Event

INVARIANTS: Final[Mapping[str, str]] = {
    "I1": "no record was created twice",
    "I2": "no value that a person stored was lost",
    "I3": "no value that was superseded came back",
    "I4": "no value was made up: each was stored by somebody",
    "I5": "nothing was deleted but what a person deleted elsewhere",
    "I6": "no record that waits for a person to say which it is was linked",
    "I7": "what waits for a person, or for an outcome, was not written",
    "I8": "no write was sent that was not noted in the state before, and decided upon",
    "I10": "every record in scope was seen",
    "I12": "no record was linked twice in one system",
    "C1": "once all was quiet, it came to rest and wrote nothing more",
    "C2": "once all was quiet, all systems agreed",
    "C3": "once all was quiet, no write was without a known outcome",
    "C5": "all that waits has a reason, and commands that are taken",
    "D1": "systems stored what the spec says that they make of a value",
    "D2": "from each record there followed one record by each rule, and no other",
    "D3": "what followed from a record was made in each system that is to have it",
    "P1": "no record that was written referred to one that was never there",
    "P2": "each record was made in every system that is to have it, unless something was said to stand in the way",
    "P3": "computed fields are what their function makes of the records that there are",
    "P4": "what is written of a record that another refers to is what that one was agreed on",
    "A1": "a conflict that a person settled ended as settled",
    "A2": "a record that a person told apart, or let be, was left so",
    "A3": "what a person had deleted was deleted, and no more than a person approved",
    "A4": "a saved plan that was applied did what it said, or nothing",
    "L1": "codecs of one's own read back what they wrote",
    "error": "no error came out of the executor",
}
"""What each invariant says, by its code; `D1` needs a description of reality, `D2` and `D3` a rule that derives, `P3` a computed
field, `P4` a path through a reference, `L1` a codec of one's own."""

FAULTS: Final[Mapping[str, str]] = {
    "edit": "a person acted while an answer was awaited",
    "busy": "a call was refused as busy, nothing done",
    "lost": "a write was applied and its answer lost",
    "zombie": "a write was applied after nobody waited any more",
    "partial": "one item of a batch failed alone",
    "crash": "the process died",
    "unread": "a listing or a reading failed",
    "truncated": "a listing broke off as if it were whole",
    "empty": "a listing was empty as if there were nothing",
    "unauthorised": "credentials were refused in the middle of a run",
    "throttled": "a system asked to wait for an hour",
    "locked": "the state was locked",
    "full_disk": "the disk was full at a commit",
    "clock_back": "our clock was set back",
    "workflow": "a workflow changed a field after our write",
    "same_key": "a person made a record with the key of another",
    "delete": "a person deleted a record",
    "clear": "a person emptied a field",
    "undeclared": "a field of a system cut its texts, undeclared",
    "ignored": "a field of a system took no notice of writes",
    "defaulted": "a field of a system filled itself where empty",
    "hidden": "a permission for a field was taken away",
    "unborn": "a record that was just made was not found yet",
    "hook_lost": "a webhook was lost",
    "hook_twice": "a webhook was sent twice",
    "hook_late": "a webhook came late, or after a later one",
    "shifted": "between two pages of a listing a record was passed over, or shown twice",
    "shuffled": "a batch was applied in another order, and some of its answers were missing",
    "snatched": "a person deleted a record that was made a moment ago",
    "fsync": "a commit failed, whether or not it became durable",
    "merge": "a person merged a record into another of its system",
    "undelete": "a person brought a deleted record back",
    "rekey": "a person changed a key",
    "answer": "a person settled something that waited",
    "plan": "a plan was saved, and applied later",
    "state_lost": "the state was lost, and a person began anew with `rebase`",
    "nameless": "listings showed a record without its identity, for a while",
    "garbled": "a reading by id was answered with something else than the record",
    "nested": "a person changed the elements of a nested record",
    "hooks": "a webhook was taken in",
    "hooks given up": "a webhook was sent in vain until its system gave up",
    "plan applied": "a saved plan was applied",
    "plan refused": "a saved plan was refused, as something had changed",
    "answers done": "an answer was carried out",
    "answers void": "an answer was void, as something had changed",
    "derived once": "a rule's condition came to hold, once and for all",
    "stale index": "a listing showed a record as it was before",
    "stale reading": "a record was read as it had been before",
    "precondition failed": "a conditional write was refused, since the record had changed",
    "overwritten in the window": "a value was overwritten between our last look and our write, which no lock prevented",
    "made again": "a record was created again after its deletion",
    "undone in doubt": "a person undid what an unanswered write had done",
    "typed what was on its way": "a person stored just what an unanswered write was to store",
}
"""What each fault or occurrence is, by its name."""


def told(events: Sequence[Event]) -> Iterator[str]:
    """The story, a sentence an event. Once nobody does anything any more, looks are left out, and runs that do nothing else."""
    quiet = next((number for number, event in enumerate(events) if event.who == "people"), len(events))
    later, idle = list(events[quiet:]), 0
    kept = list(events[:quiet])
    for number, event in enumerate(later):
        if event.what in ("listed", "read"):
            continue
        if (event.who, event.what) == ("engine", "runs") and _is_idle(later[number + 1 :]):
            idle += 1
            continue
        if (event.who, event.what) == ("engine", "is done") and event.detail.endswith(" 0 writes"):
            continue
        kept.append(event)
    for event in kept:
        sentence = _sentence(event)
        if sentence is not None:
            yield sentence
    if idle:
        yield f"Syncline ran {idle} times more, and wrote nothing"


def _is_idle(following: Sequence[Event]) -> bool:
    """Whether a run does nothing but look, up to its end."""
    for event in following:
        if (event.who, event.what) == ("engine", "is done"):
            return event.detail.endswith(" 0 writes")
        if event.what not in ("listed", "read"):
            return False
    return False


def _sentence(event: Event) -> str | None:
    role, _, system = event.who.partition("@")
    match (role, event.what):
        case ("user", "stores"):
            return f"somebody in {system} stored {event.detail}"
        case ("user", "deletes"):
            return f"somebody in {system} deleted {event.detail}"
        case ("user", "merges"):
            return f"somebody in {system} merged {event.detail}"
        case ("user", "undeletes"):
            return f"somebody in {system} brought {event.detail} back"
        case ("person", "answers"):
            command, _, reason = event.detail.partition(", about: ")
            return f"somebody answered with `{command}` ({reason})"
        case ("engine", "plans"):
            return "somebody had Syncline save a plan"
        case ("engine", "applies"):
            return f"somebody had Syncline apply {event.detail}"
        case ("door", _):
            return f"Syncline did not take a {event.detail.removesuffix(' not kept')} in"
        case (name, "calls"):
            return f"a webhook of {name} came, {event.detail}"
        case ("admin", "hides"):
            return f"{system} no longer let Syncline see {event.detail}"
        case (name, "unnames"):
            return f"the listings of {name} no longer showed the identity of {event.detail}"
        case ("workflow", "stores"):
            return f"a workflow of {system} stored {event.detail}"
        case ("default", "stores"):
            return f"{system} filled in {event.detail}"
        case ("engine", "stores"):
            return None
        case ("engine", "runs"):
            return f"Syncline ran{' ' + event.detail if event.detail else ', looking for what changed'}"
        case ("engine", "CRASH"):
            return f"Syncline crashed {event.detail.partition(' (point')[0]}"
        case ("engine", "stops"):
            return f"Syncline stopped: {event.detail}"
        case ("engine", "is done"):
            return f"the run was over: {event.detail}"
        case ("engine", "is dead"):
            return None
        case ("state", _):
            return f"{event.detail}"
        case ("people", _):
            return "from then on nobody did anything, and nothing failed"
        case ("CHECK", _):
            return f"NOT AS IT SHOULD BE: {event.detail}"
        case (name, "asked"):
            return f"Syncline asked {name} {event.detail}"
        case (name, "answers"):
            return f"{name} answered: {event.detail}"
        case (name, "is silent"):
            return (
                "the answer was lost" if "lost" in event.detail else f"{name} did not answer, and had not done it yet"
            )
        case (name, "applies"):
            return f"{name} did what it was asked before, late: {event.detail.removeprefix('a late request: ')}"
        case (name, "fails"):
            return f"{name} failed: {event.detail}"
        case (name, "throttles"):
            return f"{name} asked to wait for an hour"
        case (name, "refuses"):
            return f"{name} was busy and did nothing"
        case (name, "listed"):
            return f"{name} listed {event.detail}"
        case (name, "read"):
            return f"{name} was asked for {event.detail}"
        case _:
            return f"{event.who} {event.what} {event.detail}".rstrip()
