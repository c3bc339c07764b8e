"""Every kind of change: its classes, what it needs, and its sentences, by code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syncline.evolution.change import Impact, Need

DATA, STATE, API, BEHAVIOUR = (Impact.DATA,), (Impact.STATE,), (Impact.API,), (Impact.BEHAVIOUR,)
SAFE: Final = (Impact.SAFE,)
DATA_STATE: Final = (Impact.DATA, Impact.STATE)
STATE_API: Final = (Impact.STATE, Impact.API)
DATA_STATE_API: Final = (Impact.DATA, Impact.STATE, Impact.API)

APPROVAL, BACKFILL, RELINK = (Need.APPROVAL,), (Need.APPROVAL, Need.BACKFILL), (Need.APPROVAL, Need.RELINK)
MIGRATION, CALLERS, DEPLOYMENT, NOTHING = (Need.MIGRATION,), (Need.CALLERS,), (Need.DEPLOYMENT,), (Need.NOTHING,)

_PLAN = "Look at `plan` before the first run."
_FULL = "Look at `plan` first: the next run reads every record once more."


@dataclass(frozen=True, slots=True)
class Kind:
    """`impacts`: the worst first. `{fact}` in a sentence stands for a fact of the change, `{subject}` for what changed.

    `message`: what changed. `why`: what it does to what runs already. `then`: what must happen, in one sentence.
    """

    impacts: tuple[Impact, ...]
    needs: tuple[Need, ...]
    message: str
    why: str
    then: str


_SPEC: Final = {
    "spec.added": Kind(
        SAFE, APPROVAL, "spec {subject} is new", "Nothing runs by it yet; its first run waits for consent.", _PLAN
    ),
    "spec.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "spec {subject} is gone",
        "What it kept in step drifts apart, and its state file is nobody's.",
        "Stop the runs of the old package, and put its state file away.",
    ),
    "spec.renamed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "the spec is now `{new}`, formerly `{old}`",
        "The generated package and its state file take the spec's name: the new package finds no links.",
        "Keep the name; or give the old state file over and change every import.",
    ),
    "spec.version": Kind(SAFE, NOTHING, "the version is now {new}, formerly {old}", "It only names the release.", ""),
}

_ENTITIES: Final = {
    "entity.added": Kind(SAFE, NOTHING, "entity {subject} is new", "Nothing is stored of it yet.", ""),
    "entity.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "entity {subject} is gone",
        "Its stored links and shadows are nobody's, and its module is no longer generated.",
        "Say `renamed from {subject}` on the entity that follows it, or let its state go.",
    ),
    "entity.renamed": Kind(
        API,
        (Need.CALLERS, Need.MIGRATION),
        "entity {subject} was `{old}`",
        "It stays the same entity; its module, class and stored links go by the new name.",
        "Carry the stored links of `{old}` over to `{subject}` before the first run, and change the imports.",
    ),
    "field.added": Kind(
        SAFE, NOTHING, "field {subject} is new", "It is written only where a map line says so, which is told apart.", ""
    ),
    "field.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "field {subject} is gone",
        "Its last agreed values are forgotten, and the generated type loses its key.",
        "Say `renamed from` on the field that follows it, or let its values go.",
    ),
    "field.renamed": Kind(
        API,
        (Need.CALLERS, Need.MIGRATION),
        "field {subject} was `{old}`",
        "It stays the same field; its key in the generated type and in stored values is the new name.",
        "Carry the stored values of `{old}` over before the first run, and change the code that reads the key.",
    ),
    "field.kind": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS, Need.BACKFILL),
        "field {subject} is now `{new}`, formerly `{old}`",
        "Its stored values are kept in another canonical form, so each record would look edited.",
        "Forget the stored values of the field before the first run, which reads every record once more.",
    ),
    "field.narrowed": Kind(
        DATA,
        BACKFILL,
        "field {subject} takes fewer values: `{new}`, formerly `{old}`",
        "Values that fitted are now refused, and their records wait for a person.",
        "Mend the values that no longer fit, then look at `plan`: the next run reads every record once more.",
    ),
    "field.widened": Kind(
        SAFE,
        NOTHING,
        "field {subject} takes more values: `{new}`, formerly `{old}`",
        "Every stored value still fits.",
        "",
    ),
    "field.required": Kind(
        DATA,
        BACKFILL,
        "field {subject} is now required",
        "Records without a value are no longer created, and an emptied one no longer empties the others.",
        "Fill the empty values, then look at `plan`: the next run reads every record once more.",
    ),
    "field.optional": Kind(
        DATA,
        APPROVAL,
        "field {subject} is now optional",
        "An emptied value now empties it in the other systems, as `empty` says.",
        _PLAN,
    ),
    "field.members-added": Kind(
        API,
        CALLERS,
        "field {subject} has new members: {added}",
        "Code that tells the members apart meets one that it does not know.",
        "Change the code that tells the members apart.",
    ),
    "field.members-removed": Kind(
        DATA_STATE_API,
        (Need.MIGRATION, Need.BACKFILL, Need.CALLERS),
        "field {subject} has lost members: {removed}",
        "Stored values that are such a member no longer fit, and their records wait for a person.",
        "Move the records to another member in the systems first; the next run reads every record once more.",
    ),
    "field.default": Kind(
        DATA,
        APPROVAL,
        "the default of field {subject} is now {new}, formerly {old}",
        "Records that are made from now on get another value.",
        _PLAN,
    ),
    "field.pii": Kind(
        BEHAVIOUR,
        APPROVAL,
        "field {subject} is now {new}, formerly {old}",
        "Personal data is kept out of what is shown and logged, other data is not.",
        "Let whoever answers for privacy agree.",
    ),
    "match.changed": Kind(
        DATA,
        RELINK,
        "{subject} is matched by `{new}`, formerly by `{old}`",
        "Records without a link meet others than before; links that stand are kept.",
        "Look in `plan` at what the next run would link and create.",
    ),
}

_MAPS: Final = {
    "map.added": Kind(
        SAFE, NOTHING, "the map of {subject} is new", "Nothing runs through it until a sync names the system.", ""
    ),
    "map.removed": Kind(
        API, CALLERS, "the map of {subject} is gone", "No sync used it; its functions are no longer generated.", ""
    ),
    "map.resource": Kind(
        DATA_STATE,
        (Need.APPROVAL, Need.MIGRATION, Need.RELINK),
        "{subject} is now mapped to `{new}`, formerly to `{old}`",
        "Links, cursor and shadows are those of another resource: its records would be taken for deleted.",
        "Unlink the records of `{old}` first, then match those of `{new}` anew.",
    ),
    "map.where": Kind(
        DATA,
        BACKFILL,
        "{subject} is limited to `{new}`, formerly to `{old}`",
        "Records leave and enter the scope, and new ones are made with other fixed values.",
        _FULL,
    ),
    "map.when": Kind(
        DATA,
        BACKFILL,
        "{subject} is used when `{new}`, formerly when `{old}`",
        "Records are made where there were none, and others are no longer kept in step.",
        _FULL,
    ),
    "line.added": Kind(
        DATA,
        BACKFILL,
        "{subject} now flows: `{new}`",
        "Values that were nobody's business are read or overwritten; records that nobody edits stay as they are.",
        _FULL,
    ),
    "line.removed": Kind(
        BEHAVIOUR,
        NOTHING,
        "{subject} is no longer written; it was `{old}`",
        "The system keeps the last value that it got.",
        "",
    ),
    "line.source-removed": Kind(
        DATA,
        APPROVAL,
        "{subject} no longer flows; it was `{old}`",
        "Edits made there are heard no more, and another system's value stands instead.",
        _PLAN,
    ),
    "line.direction": Kind(
        DATA,
        BACKFILL,
        "{subject} now flows `{new}`, formerly `{old}`",
        "Who is written and who is heard has changed: values are overwritten that were not.",
        _FULL,
    ),
    "line.native": Kind(
        DATA_STATE,
        (Need.APPROVAL, Need.MIGRATION, Need.BACKFILL),
        "{subject} is now `{new}` there, formerly `{old}`",
        "The stored shadow is that of another field: each difference would be taken for an edit.",
        "Forget what was last seen of the field before the first run, which reads every record once more.",
    ),
    "line.codec": Kind(
        DATA,
        BACKFILL,
        "{subject} is spelled `{new}`, formerly `{old}`",
        "The same value is read and written otherwise, so that records nobody edited are rewritten.",
        _FULL,
    ),
    "line.table-extended": Kind(
        BEHAVIOUR,
        NOTHING,
        "{subject} knows more spellings: `{new}`, formerly `{old}`",
        "Records that waited for a person are now read; what is written stays the same.",
        "",
    ),
    "line.expression": Kind(
        DATA,
        BACKFILL,
        "{subject} is computed as `{new}`, formerly as `{old}`",
        "The result is another value for the same record, and is written.",
        _FULL,
    ),
    "line.condition": Kind(
        DATA,
        BACKFILL,
        "{subject} is written {new}, formerly {old}",
        "Values are overwritten that were kept, or kept that were overwritten.",
        _FULL,
    ),
}

_SYNCS: Final = {
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
        _FULL,
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
        _PLAN,
    ),
    "truth.rule": Kind(
        DATA,
        APPROVAL,
        "{subject} is decided by `{new}`, formerly by `{old}`",
        "Where systems disagree, another value wins and overwrites the rest.",
        _PLAN,
    ),
    "truth.idle": Kind(
        SAFE,
        NOTHING,
        "{subject} would be decided by `{new}`, formerly by `{old}`",
        "It has a single source, so that no rule is ever asked.",
        "",
    ),
    "truth.together": Kind(
        DATA,
        APPROVAL,
        "{subject} is decided together with {new}, formerly with {old}",
        "A conflict in one of the fields now decides others, or no longer does.",
        _PLAN,
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
        _PLAN,
    ),
    "update.condition": Kind(
        DATA,
        APPROVAL,
        "{subject} is now updated {new}, formerly {old}",
        "Records are overwritten that were kept, and others no longer are.",
        _PLAN,
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
        _PLAN,
    ),
    "sync.out-of-scope": Kind(
        DATA,
        APPROVAL,
        "{subject} out of scope: {new}, formerly {old}",
        "Records that leave the scope are treated otherwise.",
        _PLAN,
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
    "sync.schedule": Kind(
        BEHAVIOUR, NOTHING, "{subject} runs {new}, formerly {old}", "Runs come at other times or in another order.", ""
    ),
}

_SYSTEMS: Final = {
    "system.added": Kind(SAFE, DEPLOYMENT, "system `{subject}` is new", "It is only used where a sync names it.", ""),
    "system.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "system `{subject}` is gone",
        "Its links, cursors and shadows no longer belong to anything; a renamed system is a new one.",
        "Keep the name, or release its records before the first run.",
    ),
    "system.connector": Kind(
        DATA_STATE,
        (Need.APPROVAL, Need.MIGRATION, Need.RELINK),
        "`{subject}` is now a `{new}`, formerly a `{old}`",
        "Remote ids, cursors and shadows are those of another kind of system.",
        "Treat it as a new system: let go what is stored of it, and match its records anew.",
    ),
    "system.setting": Kind(
        STATE,
        (Need.DEPLOYMENT, Need.APPROVAL),
        "setting `{setting}` of `{subject}` is now {new}, formerly {old}",
        "If it leads to another installation, links and cursors do not fit its records.",
        "Make sure that it is the same installation, or begin with a new state file.",
    ),
    "system.secret": Kind(
        BEHAVIOUR,
        DEPLOYMENT,
        "secret `{setting}` of `{subject}` is now {new}, formerly {old}",
        "The next run asks for another variable.",
        "Set the variable where the package runs.",
    ),
    "system.clearance": Kind(
        BEHAVIOUR,
        APPROVAL,
        "`{subject}` is {new} for personal data, formerly {old}",
        "Personal data may go there, or no longer may.",
        "Let whoever answers for privacy agree.",
    ),
    "connector.protocol": Kind(
        STATE,
        (Need.MIGRATION, Need.RELINK),
        "`{subject}` is now reached over {new}, formerly over {old}",
        "Remote ids and cursors are spelled otherwise.",
        "Let go what is stored of the system, and match its records anew.",
    ),
    "connector.calls": Kind(
        BEHAVIOUR,
        DEPLOYMENT,
        "`{subject}` is reached otherwise: {words}",
        "Calls are sent, limited or refused otherwise.",
        "Try a `plan` against the system.",
    ),
    "resource.identity": Kind(
        STATE,
        (Need.MIGRATION, Need.RELINK),
        "records of {subject} are identified by `{new}`, formerly by `{old}`",
        "Every stored link names a record by what is no longer its id.",
        "Let the links go, and match the records anew.",
    ),
    "resource.location": Kind(
        STATE,
        (Need.MIGRATION, Need.RELINK),
        "{subject} is now `{new}`, formerly `{old}`",
        "Links and cursor are those of records that lie elsewhere.",
        "Make sure that it holds the same records, or let the links go and match anew.",
    ),
    "resource.cursor": Kind(
        STATE,
        (Need.MIGRATION, Need.BACKFILL),
        "changes of {subject} are told by {new}, formerly by {old}",
        "The stored cursor does not fit: changes would be missed, or all be read each time.",
        "Let the next run read everything, as it does with a new spec, before a run asks for changes again.",
    ),
    "resource.complete": Kind(
        DATA,
        APPROVAL,
        "the listing of {subject} is now {new}, formerly {old}",
        "A record that a whole listing does not show is taken for deleted.",
        "Make sure that the listing leaves nothing out, and look at `plan`.",
    ),
    "resource.archive": Kind(
        DATA,
        BACKFILL,
        "an archived record of {subject} is now {new}, formerly {old}",
        "Records archived until now look as if they were not, and are taken back into step.",
        _FULL,
    ),
    "resource.calls": Kind(
        BEHAVIOUR,
        DEPLOYMENT,
        "{subject} is asked otherwise: {words}",
        "Records are listed, read or written by other calls.",
        "Try a `plan` against the system.",
    ),
    "native.spelling": Kind(
        DATA,
        BACKFILL,
        "{subject} is now {new}, formerly {old}",
        "The same value is read and written otherwise, so that records nobody edited are rewritten.",
        _FULL,
    ),
    "native.type": Kind(
        DATA,
        BACKFILL,
        "{subject} is now `{new}`, formerly `{old}`",
        "What fits there has changed: values are refused, cut or spelled otherwise.",
        _FULL,
    ),
    "native.widened": Kind(
        SAFE,
        NOTHING,
        "{subject} takes more than before: `{new}`, formerly `{old}`",
        "All that stands there still fits.",
        "",
    ),
    "native.normalises": Kind(
        DATA,
        APPROVAL,
        "{subject} now normalises by `{new}`, formerly by `{old}`",
        "Differences that were an echo count as edits, or edits as an echo.",
        _PLAN,
    ),
    "native.facts": Kind(
        BEHAVIOUR,
        NOTHING,
        "{subject} is now {new}, formerly {old}",
        "It decides what may be written there, and how a lost create is found again.",
        "",
    ),
}

KINDS: Final[Mapping[str, Kind]] = {**_SPEC, **_ENTITIES, **_MAPS, **_SYNCS, **_SYSTEMS}
