"""The simulated world in Hypothesis' hands: what people, systems and webhooks do, in any order, so that a failure is shrunk."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from syncline_runtime.declaration import FieldMap
from syncline_runtime.simulation.schedule import Profile, Schedule
from syncline_runtime.simulation.server import Table
from syncline_runtime.simulation.world import Faults
from tests.simulation.campaign import shared_memory
from tests.simulation.house import CAPABILITIES, able, built

FAULTS = (
    "busy",
    "lost",
    "zombie",
    "partial",
    "unread",
    "truncated",
    "unauthorised",
    "full_disk",
    "fsync",
    "snatched",
    "shifted",
)
HOOKS = ("", "hook_lost", "hook_twice", "hook_late")

systems = st.sampled_from(("a", "b"))
records = st.integers(0, 3)


class Worlds(RuleBasedStateMachine):
    """Two systems; nothing happens but what a rule says."""

    @initialize(first=st.sampled_from(CAPABILITIES), second=st.sampled_from(CAPABILITIES), seed=st.integers(0, 50))
    def begin(self, first: dict[str, object], second: dict[str, object], seed: int) -> None:
        """One record, perhaps in both systems."""
        self.folder = tempfile.TemporaryDirectory(dir=shared_memory(), prefix="syncline-stateful-")
        profile = Profile(channels="hooks", faults=Faults(), records=1)
        package = able(built(), {"a": first, "b": second})
        self.schedule = Schedule(package, seed, profile, Path(self.folder.name) / "state.db")
        self.schedule.begin()
        self.quiet: list[int] = []

    def place(self, system: str) -> tuple[FieldMap, Table]:
        mapping = self.schedule.package.mapping("Thing", system)
        return mapping, self.schedule.servers[system].tables[mapping.resource]

    @rule(system=systems, record=records, hook=st.sampled_from(HOOKS))
    def edit(self, system: str, record: int, hook: str) -> None:
        """Somebody stores a value; the webhook may be lost, come twice or late."""
        mapping, table = self.place(system)
        if live := table.live():
            self.schedule.world.faults = Faults(**({hook: 1.0} if hook else {}))
            self.schedule.people.edit(mapping, table, live[record % len(live)])

    @rule(system=systems, same=st.booleans())
    def create(self, system: str, same: bool) -> None:
        """Somebody makes a record, perhaps with the key of another."""
        self.schedule.world.faults = Faults(same_key=1.0 if same else 0.0)
        self.schedule.people.create(self.schedule.package.syncs[0], system)

    @rule(system=systems, record=records)
    def delete(self, system: str, record: int) -> None:
        """Somebody deletes a record."""
        mapping, table = self.place(system)
        if live := table.live():
            self.schedule.people.delete(mapping, table, live[record % len(live)])

    @rule(system=systems, record=records)
    def undelete(self, system: str, record: int) -> None:
        """Somebody brings a record back."""
        mapping, table = self.place(system)
        if dead := table.dead():
            self.schedule.people.undelete(mapping, table, dead[record % len(dead)])

    @rule(system=systems, record=records)
    def rekey(self, system: str, record: int) -> None:
        """Somebody changes a key."""
        mapping, table = self.place(system)
        if live := table.live():
            self.schedule.people.rekey(mapping, table, live[record % len(live)])

    @rule(system=systems, record=records)
    def merge(self, system: str, record: int) -> None:
        """Somebody merges a record into the next one."""
        mapping, table = self.place(system)
        if len(live := table.live()) > 1:
            self.schedule.people.merge(mapping, table, live[record % len(live)], live[(record + 1) % len(live)])

    @rule(seconds=st.sampled_from((1, 30, 300)))
    def wait(self, seconds: int) -> None:
        """Time passes; what is late lands."""
        self.schedule.world.pass_time(seconds)

    @rule(
        fault=st.sampled_from(("", *FAULTS)), busy=st.booleans(), channel=st.sampled_from(("full", "cursor", "hooks"))
    )
    def run(self, fault: str, busy: bool, channel: str) -> None:
        """The engine runs, among people who are busy, and something goes wrong."""
        struck = {fault: 0.5 if fault not in ("full_disk", "fsync") else 0.1} if fault else {}
        self.schedule.world.faults = Faults(edit=0.2 if busy else 0.0, **struck)
        self.schedule.run(full=channel == "full", hinted=channel == "hooks")

    @rule(after=st.integers(1, 25))
    def crash(self, after: int) -> None:
        """The process dies at some point of I/O."""
        world = self.schedule.world
        world.faults, world.crash_at = Faults(), frozenset((world.points + after,))
        self.schedule.run(full=True, hinted=False)
        world.crash_at = frozenset()

    @precondition(lambda self: hasattr(self, "schedule"))
    @rule()
    def rest(self) -> None:
        """Nobody acts, nothing fails: in the end every invariant holds."""
        self.schedule.world.faults = Faults()
        violations, _ = self.schedule.checked(self.schedule.calm_down())
        assert not violations, (
            "\n".join(map(str, violations)) + "\n" + "\n".join(event.line() for event in self.schedule.world.events)
        )

    def teardown(self) -> None:
        if hasattr(self, "schedule"):
            try:
                self.rest()
            finally:
                self.schedule.close()
                self.folder.cleanup()


Worlds.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
TestWorlds = Worlds.TestCase
