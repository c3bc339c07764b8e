"""Records that are like an erased person in what many share, told where it tells something; what others share is not forgotten."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.erasing import Erased, alike, erase, wanted_of
from syncline_runtime.traced import Alike, Wanted, telling
from tests.compiled.installation import Installation, compiled
from tests.compiled.test_erasing import everything

SPEC = """
entity Person { email : email pii, name : text(100) pii, rank : integer? pii, match email }
map Person to crm.contacts { email <-> email, name <-> name, rank <-> rating }
sync Person across crm { delete in crm never, empty propagates, erase purge in crm }
"""


async def erased(world: Installation, remote_id: str) -> tuple[list[str], Erased]:
    """What is told before, and what came of it."""
    with world.store() as store:
        row = store.members("Person", "crm", [remote_id])[remote_id]
        assert row.link_id is not None
        links = {row.link_id: "Person"}
        before = alike(world.package, store, links, wanted_of(world.package, store, links))
        done = await erase(world.package, links, systems=world.twins, store=store, clock=world.clock, actor="tester")
    return before, done


async def test_who_shares_several_short_values_or_a_rare_one_is_named(tmp_path: Path) -> None:
    world = Installation(tmp_path, compiled(SPEC))
    ana = world.put("crm.contacts", email="ana@x.org", name="Ana", rating=3)
    double = world.put("crm.contacts", email="ana@home.org", name="Ana", rating=3)
    for number in range(6):
        world.put("crm.contacts", email=f"p{number}@x.org", name=f"P{number}", rating=3)
    other = world.put("crm.contacts", email="other@x.org", name="Ana", rating=1)
    await world.run()
    before, done = await erased(world, ana)
    assert done.failed == done.elsewhere == []
    assert done.alike == before
    assert [line.partition(":")[0] for line in before] == [
        f"Person in crm, record {double}",
        f"Person in crm, record {other}",
    ]
    assert "name, rank as this person's" in before[0]
    assert "rank" not in before[1]


async def test_what_others_share_is_not_forgotten_of_them(tmp_path: Path) -> None:
    world = Installation(tmp_path, compiled(SPEC))
    ana = world.put("crm.contacts", email="ana@x.org", name="Ana", rating=3)
    bo = world.put("crm.contacts", email="bo@x.org", name="Ana", rating=1)
    await world.run()
    world.put("crm.contacts", bo, name="Bo Berg")
    await world.run()
    await erased(world, ana)
    assert b"Bo Berg" in everything(world)
    assert b'"Ana"' in everything(world), "what Bo was called before is Bo's"


DATED = {"Person": {"born": "date", "name": "text", "kind": "enum", "days": "set"}}


def test_a_day_and_a_choice_are_compared_by_field_and_stand_nowhere_else() -> None:
    wanted = Wanted(
        [("Person", "born", "1980-04-01"), ("Person", "kind", "female"), ("Person", "days", ["1999-01-02"])], DATED
    )
    assert not wanted
    assert wanted.compares
    assert not wanted.stands_in(b'{"due":"1980-04-01","kind":"female"}')
    assert not wanted.stands_in(b'["date","1980-04-01"]')
    assert wanted.same("Person", [("born", "1980-04-01"), ("kind", "male"), ("days", ["1999-01-02"])]) == {
        "born",
        "days",
    }
    assert wanted.same("Order", [("born", "1980-04-01")]) == set()


@given(st.lists(st.tuples(st.integers(1, 12), st.sets(st.sampled_from(("born", "name")), min_size=1)), max_size=20))
def test_what_many_share_alone_tells_nothing(found: list[tuple[int, set[str]]]) -> None:
    rows = [Alike("Person", link, "crm", f"r{at}", tuple(sorted(fields))) for at, (link, fields) in enumerate(found)]
    told = telling(rows)
    for one in rows:
        sharers = {field: {two.link_id for two in rows if field in two.fields} for field in one.fields}
        assert (one in told) == (len(one.fields) > 1 or any(len(links) <= 3 for links in sharers.values()))
