"""Guards: what a run holds back, and that every hold says how it is released."""

import pytest

from syncline_runtime.declaration import GuardLimit, Sync
from syncline_runtime.guarding import Hold, guard, listing_shrunk, rebased
from syncline_runtime.records import ActionKind

DELETE, ARCHIVE, UPDATE, CREATE = ActionKind.DELETE, ActionKind.ARCHIVE, ActionKind.UPDATE, ActionKind.CREATE


def sync(*limits: GuardLimit) -> Sync:
    return Sync(entity="Company", systems=("crm", "erp"), rules={}, guards=limits)


@pytest.mark.parametrize(
    ("deletes", "links", "held"),
    [
        (10, 10, False),
        (11, 110, False),
        (11, 109, True),
        (11, 11, True),
        (500, 5000, False),
        (501, 5000, True),
        (0, 0, False),
    ],
)
def test_deletes_are_held_over_ten_and_ten_percent(deletes: int, links: int, held: bool) -> None:
    assert bool(guard(sync(), {("erp", DELETE): deletes}, links)) == held


def test_archiving_counts_as_deleting() -> None:
    (hold,) = guard(sync(), {("erp", DELETE): 6, ("erp", ARCHIVE): 6}, 20)
    assert hold.operations == (DELETE, ARCHIVE)


@pytest.mark.parametrize(("updates", "links", "held"), [(20, 20, False), (21, 42, False), (21, 41, True)])
def test_updates_are_held_when_most_links_change_on_one_side(updates: int, links: int, held: bool) -> None:
    assert bool(guard(sync(), {("crm", UPDATE): updates}, links)) == held


def test_counts_of_two_systems_do_not_add_up() -> None:
    assert guard(sync(), {("crm", DELETE): 8, ("erp", DELETE): 8}, 20) == ()


def test_a_guard_of_the_spec_replaces_the_default_of_its_operation() -> None:
    strict = sync(GuardLimit(operation="delete", count=2, percent=1, line=30))
    assert guard(strict, {("erp", DELETE): 3, ("erp", UPDATE): 100}, 100) == (
        Hold(
            system="erp",
            operation="delete",
            operations=(DELETE, ARCHIVE),
            count=3,
            reason="3 deletes of Company in erp, of 100 links: guard delete over 2 and 1%",
            release="run --approve delete",
            line=30,
        ),
        Hold(
            system="erp",
            operation="update",
            operations=(UPDATE, ActionKind.RESTORE),
            count=100,
            reason="100 updates of Company in erp, of 100 links: guard update over 20 and 50% (default)",
            release="run --approve update",
        ),
    )
    assert guard(sync(GuardLimit(operation="delete", count=50, percent=50)), {("erp", DELETE): 40}, 41) == ()


def test_creates_are_guarded_only_where_the_spec_says_so() -> None:
    assert guard(sync(), {("erp", CREATE): 10_000}, 0) == ()
    (hold,) = guard(sync(GuardLimit(operation="create", count=100, percent=0)), {("erp", CREATE): 101}, 0)
    assert hold.release == "run --approve create"


def test_a_short_listing_is_no_evidence_of_absence() -> None:
    assert listing_shrunk(0, 1)
    assert listing_shrunk(49, 100)
    assert not listing_shrunk(50, 100)
    assert not listing_shrunk(0, 0)


def test_after_a_rebase_no_create_passes_by_itself_and_the_other_guards_stay() -> None:
    before = sync(
        GuardLimit(operation="create", count=100, percent=5, line=30),
        GuardLimit(operation="update", count=3, percent=1, line=31),
        GuardLimit(operation="delete", count=2, percent=1, line=32),
    )
    after = rebased(before)
    nothing_created = GuardLimit(operation="create", count=0, percent=0.0)
    assert after.guards == (*before.guards[1:], nothing_created)
    assert (after.entity, after.systems) == ("Company", ("crm", "erp"))
    assert guard(after, {("erp", CREATE): 1}, 50) == (
        Hold(
            system="erp",
            operation="create",
            operations=(CREATE,),
            count=1,
            reason="1 creates of Company in erp, of 50 links: after a rebase; one that was deleted there would come back",
            release="run --approve create",
        ),
    )
    assert guard(after, {("crm", CREATE): 1}, 0)
    assert not guard(after, {("erp", CREATE): 0}, 50)


def test_a_spec_may_hold_every_create_under_its_own_line() -> None:
    (hold,) = guard(sync(GuardLimit(operation="create", count=0, percent=0, line=33)), {("erp", CREATE): 1}, 50)
    assert (hold.reason, hold.line) == ("1 creates of Company in erp, of 50 links: guard create over 0 and 0%", 33)
    (unlined,) = guard(sync(GuardLimit(operation="update", count=1, percent=0)), {("erp", UPDATE): 2}, 50)
    assert unlined.reason == "2 updates of Company in erp, of 50 links: guard update over 1 and 0% (default)"
