"""Kinds of changes of policy."""

from collections.abc import Mapping
from typing import Final

from syncline.evolution.change import Need
from syncline.evolution.kinds.kind import APPROVAL, BEHAVIOUR, DATA, FULL, NOTHING, PLAN, RELINK, SAFE, STATE, Kind

SYNCS: Final[Mapping[str, Kind]] = {
    "sync.added": Kind(
        DATA,
        RELINK,
        "{subject} is now kept in step across {systems}",
        "Records are linked, made and overwritten for the first time.",
        "Look at the plan of the first run, which waits for consent.",
    ),
    "sync.removed": Kind(
        BEHAVIOUR,
        APPROVAL,
        "{subject} is no longer kept in step",
        "Its systems drift apart from now on; what is stored of it stays.",
        "Make sure that nobody counts on it.",
    ),
    "sync.system-added": Kind(
        DATA,
        RELINK,
        "{subject} is now kept in step with `{system}` too",
        "Its records are linked with those of the others, and records are made for those without one.",
        FULL,
    ),
    "sync.system-removed": Kind(
        STATE,
        (Need.MIGRATION, Need.APPROVAL),
        "{subject} is no longer kept in step with `{system}`",
        "The links, cursor and shadows of that system no longer belong to anything.",
        "Release its records before the first run.",
    ),
    "sync.order": Kind(
        DATA,
        APPROVAL,
        "the systems of {subject} stand as {new}, formerly as {old}",
        "Every tie falls back on that order, so that another value wins it.",
        PLAN,
    ),
    "truth.rule": Kind(
        DATA,
        APPROVAL,
        "{subject} is decided by `{new}`, formerly by `{old}`",
        "Where systems disagree, another value wins and overwrites the rest.",
        PLAN,
    ),
    "truth.idle": Kind(
        SAFE,
        NOTHING,
        "the rule of {subject} is now `{new}`, formerly `{old}`",
        "It has a single source, so that no rule is ever asked.",
        "",
    ),
    "truth.together": Kind(
        DATA,
        APPROVAL,
        "{subject} is decided together with {new}, formerly with {old}",
        "A conflict in one of the fields now decides others, or no longer does.",
        PLAN,
    ),
    "create.opened": Kind(
        DATA,
        APPROVAL,
        "{subject} is now created {new}, formerly {old}",
        "Records are made that were not.",
        "Look in `plan` at how many it would make.",
    ),
    "create.condition": Kind(
        DATA,
        APPROVAL,
        "{subject} is now created {new}, formerly {old}",
        "Records are made that were not, and others no longer are.",
        "Look in `plan` at how many it would make.",
    ),
    "create.closed": Kind(
        BEHAVIOUR, NOTHING, "{subject} is now created {new}, formerly {old}", "Fewer records are made.", ""
    ),
    "update.opened": Kind(
        DATA,
        APPROVAL,
        "{subject} is now updated {new}, formerly {old}",
        "What has gathered since is written at once, over what stands there.",
        PLAN,
    ),
    "update.condition": Kind(
        DATA,
        APPROVAL,
        "{subject} is now updated {new}, formerly {old}",
        "Records are overwritten that were kept, and others no longer are.",
        PLAN,
    ),
    "update.closed": Kind(
        BEHAVIOUR, NOTHING, "{subject} is now updated {new}, formerly {old}", "Fewer records are written.", ""
    ),
    "delete.policy": Kind(
        DATA,
        APPROVAL,
        "a deletion elsewhere now means `{new}` for {subject}, formerly `{old}`",
        "Deletions that wait or come are carried out otherwise.",
        "Settle the deletions that wait by the old rule, and let whoever owns the records agree.",
    ),
    "sync.empty": Kind(
        DATA,
        APPROVAL,
        "in {subject}, `empty` now says {new}, formerly {old}",
        "An emptied value empties the others, or is filled again.",
        PLAN,
    ),
    "sync.out-of-scope": Kind(
        DATA,
        APPROVAL,
        "{subject} out of scope: {new}, formerly {old}",
        "Records that leave the scope are treated otherwise.",
        PLAN,
    ),
    "sync.merged": Kind(
        BEHAVIOUR,
        APPROVAL,
        "{subject} merged in a system: {new}, formerly {old}",
        "Links go on with the record that is left, or wait for a person.",
        "Let whoever owns the records agree.",
    ),
    "sync.unknown": Kind(
        BEHAVIOUR,
        APPROVAL,
        "{subject}, creates without an answer: {new}, formerly {old}",
        "They are looked for and sent again where they do not show (`look`), or wait for a person (`hold`).",
        "Let whoever looks after the run agree.",
    ),
    "guard.loosened": Kind(
        BEHAVIOUR,
        APPROVAL,
        "the {operation} guard of {subject} is now {new}, formerly {old}",
        "A run that would have been held goes through.",
        "Let whoever owns the records agree.",
    ),
    "guard.tightened": Kind(
        BEHAVIOUR,
        NOTHING,
        "the {operation} guard of {subject} is now {new}, formerly {old}",
        "More runs are held and wait for a person.",
        "",
    ),
    "sync.erase": Kind(
        SAFE,
        APPROVAL,
        "a person's data in {subject} is now erased like this: {new}; formerly: {old}",
        "No run does anything else; what is done, and told, when somebody asks to be erased is another.",
        "Let whoever answers for personal data agree.",
    ),
    "sync.triggers": Kind(
        BEHAVIOUR, NOTHING, "{subject} runs {new}, formerly {old}", "Runs come at other times or in another order.", ""
    ),
}
