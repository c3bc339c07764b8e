"""Random whole policies: what `check` accepts is built and run on twins, and does with users' edits what its rules say."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from syncline.diagnostics.pages import PRELUDE
from syncline.examples.loading import load_package
from syncline.pipeline import generate
from tests.compiled.installation import Installation, checked
from tests.proofs.policies import HELD, TYPES, Edits, Policy, Truth, policy, verdict

PLACE = "contacts"
ROUNDS = 4
PAUSE = 10.0
"""Seconds between two edits: more than the skew that `newest` allows for."""


@dataclass
class Tried:
    """What became of random policies, by verdict and by the rule that decided."""

    told: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tried") -> None:
        self.told.update(other.told)
        self.refused.update(other.refused)
        self.decided.update(other.decided)

    def lines(self) -> Iterator[str]:
        """It in words."""
        yield "whole policies: " + ", ".join(f"{count:,} {what}" for what, count in self.told.most_common())
        for title, counted in (("refused by", self.refused), ("contested values decided by", self.decided)):
            if counted:
                yield f"  {title}: " + ", ".join(f"{what} {count:,}" for what, count in counted.most_common())


class Played:
    """The records of a policy in its systems, and what each field must be."""

    def __init__(self, folder: Path, drawn: Policy, random: Random, tried: Tried) -> None:
        self.drawn, self.random, self.tried = drawn, random, tried
        self.text = drawn.text()
        found = checked(self.text)
        assert found.model is not None
        self.lines = (PRELUDE + self.text).splitlines()
        self.world = Installation(folder, load_package(generate(found.model)))
        self.agreed: dict[str, dict[str, Any]] = {}
        self.shadows: dict[tuple[str, str], dict[str, Any]] = {}
        self.times: dict[tuple[str, str], float] = {}

    def record(self, system: str, email: str) -> dict[str, Any]:
        """The one record of a system that has the address."""
        (found,) = [one for one in self.world.records(f"{system}.{PLACE}").values() if one.get("email") == email]
        return found

    def shown(self, email: str) -> dict[tuple[str, str], Any]:
        """What each mapped field of each system means."""
        return {
            (system, one.name): self.drawn.shown(system, one.name, self.record(system, email).get(TYPES[one.name][1]))
            for system in self.drawn.systems
            for one in self.drawn.fields
            if one.arrows[system]
        }

    def natives(self, system: str, values: dict[str, Any]) -> dict[str, Any]:
        return {TYPES[name][1]: self.drawn.native(self.random, system, name, value) for name, value in values.items()}

    async def play(self) -> None:
        """Records, a first run, and rounds of edits, each with its run. Raises AssertionError where one does what it must not."""
        everywhere = any(arrow != "<->" for one in self.drawn.fields for arrow in one.arrows.values())
        for number in range(self.random.randint(2, 3)):
            email = f"p{number}@example.com"
            self.agreed[email] = {one.name: self.random.choice(TYPES[one.name][2]) for one in self.drawn.fields}
            for system in self.drawn.systems if everywhere else (self.random.choice(self.drawn.systems),):
                here = {one.name: self.agreed[email][one.name] for one in self.drawn.fields if one.arrows[system]}
                self.world.put(f"{system}.{PLACE}", email=email, **self.natives(system, here))
        await self.world.run()
        await self.world.settled()
        for email, values in self.agreed.items():
            shown = self.shown(email)
            for (system, name), value in shown.items():
                assert value == values[name], (
                    f"first run: {email} {name} is {value!r} in {system}, not {values[name]!r}"
                )
            self.shadows.update({(email, system): {} for system in self.drawn.systems})
            for (system, name), value in shown.items():
                self.shadows[email, system][name] = value
        for number in range(ROUNDS):
            self.edit()
            before = {email: self.shown(email) for email in self.agreed}
            await self.world.run()
            for email in self.contested():
                # Users who write the same over and over against the rule: that field is held there, and says so.
                del before[email], self.agreed[email]
                self.tried.told["records held after three writes"] += 1
            for email, shown in before.items():
                self.compare(f"round {number + 1}", email, shown)
            await self.world.settled()

    def contested(self) -> set[str]:
        """The records of which a system's field was written over three times."""
        return {
            self.world.records(f"{system}.{PLACE}")[remote_id]["email"]
            for system, remote_id, reason, *_ in self.world.told.refusals
            if reason == "write.contested"
        } & set(self.agreed)

    def edit(self) -> None:
        """Users edit some fields of some records in some systems, one after the other."""
        places = [(email, system) for email in self.agreed for system in self.drawn.systems]
        self.random.shuffle(places)
        for email, system in places:
            fields = [one.name for one in self.drawn.fields if one.arrows[system]]
            if not fields or self.random.random() < 0.3:
                continue
            chosen = self.random.sample(fields, self.random.randint(1, len(fields)))
            values = {name: self.random.choice(TYPES[name][2]) for name in chosen}
            self.world.clock.time += PAUSE
            self.times[email, system] = self.world.clock.time
            self.world.put(f"{system}.{PLACE}", self.record(system, email)["id"], **self.natives(system, values))
            self.tried.told["edits"] += len(values)

    def compare(self, when: str, email: str, before: dict[tuple[str, str], Any]) -> None:
        """Assert that each field of a record is as its rule says, and remember what is agreed."""
        shown = self.shown(email)
        for one in self.drawn.fields:
            sides = [system for system in self.drawn.systems if one.arrows[system]]
            bases = {system: self.shadows[email, system][one.name] for system in sides}
            changed = {s: before[s, one.name] for s in sides if before[s, one.name] != bases[s]}
            sets = {s: (frozenset(bases[s]), frozenset(v)) for s, v in changed.items() if isinstance(v, frozenset)}
            edits = Edits(
                agreed=self.agreed[email][one.name],
                changed=changed,
                removed={system: old - new for system, (old, new) in sets.items()},
                added={system: new - old for system, (old, new) in sets.items()},
                times={system: self.times.get((email, system), 0.0) for system in sides},
            )
            # The field that decides ownership comes first: what is asked about is the value agreed by now.
            value, rule = verdict(one, self.drawn.clears, edits, self.agreed[email].get("vip") is True)
            where = f"{when}: {email} {one.name} (agreed {edits.agreed!r}, changed {changed!r})"
            if rule is not None:
                self.decided(where, one.name, rule, edits.agreed, value)
            for system in sides:
                expected = before[system, one.name] if value is HELD or not one.writes(system) else value
                got = shown[system, one.name]
                assert got == expected, (
                    f"{where} is {got!r} in {system}, not {expected!r} as by {rule or 'the one edit'}"
                )
                if value is not HELD:
                    self.shadows[email, system][one.name] = got
            if value is not HELD:
                self.agreed[email][one.name] = value

    def decided(self, where: str, name: str, rule: Truth, old: Any, value: Any) -> None:
        """Count a contested value, and assert that the run gave the line of the rule that had to decide it."""
        self.tried.decided[rule.kind] += 1
        lines = [
            self.lines[change.line - 1].strip()
            for decision in self.world.told.decisions
            for change in decision.changes
            if change.field == name and change.before == old and change.after == value
        ]
        if value is HELD or value == old:
            return
        written = {f"{name} {rule}", f"{name} {rule} when vip", f"otherwise {rule}"}
        assert written.intersection(lines), f"{where}: decided by {lines}, not by {rule}"


def tried(start: int, folder: Path) -> Tried:
    """Check the policy of a seed, and run it if it is accepted. Raises AssertionError where it does not do as it says."""
    random, found = Random(start), Tried()
    drawn = policy(random)
    refused = {one.code for one in checked(drawn.text()).diagnostics if one.severity.value == "error"}
    if refused:
        found.told["refused"] += 1
        found.refused.update(refused)
        return found
    found.told["accepted"] += 1
    try:
        asyncio.run(Played(folder, drawn, random, found).play())
    except AssertionError as error:
        raise AssertionError(f"policy of seed {start}: {error}\n{drawn.text()}") from error
    return found


def test_accepted_policies_do_as_they_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = Tried()
    for number in range(25):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.add(tried(20261121 + number, folder))
    with capsys.disabled():
        print("", *found.lines(), sep="\n  ")
    assert found.told["accepted"] >= 15
    assert found.decided.total() > 30
