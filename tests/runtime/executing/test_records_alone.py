"""Records alone are linked as they are seen, and lose no row of the decision tables by it."""

from typing import Any


async def test_a_double_on_a_later_page_is_held_with_the_first_though_that_was_linked_already(two: Any) -> None:
    first = two.twin("crm").put("customers", vat="A1", name="Ana")
    for number in range(10):
        two.twin("crm").put("customers", vat=f"B{number}", name=f"N{number}")
    second = two.twin("crm").put("customers", vat="A1", name="Ana too")
    report = await two.run()
    assert report.summaries[0].done == {("erp", "created"): 10}
    with two.store() as store:
        held = {row.remote_id for row in store.review.quarantined()}
    assert held == {first, second}


async def test_records_of_both_systems_are_merged_without_a_base_whichever_is_listed_first(two: Any) -> None:
    for number in range(9):
        two.twin("crm").put("customers", vat=f"A{number}", name=f"crm {number}", tags=["c"])
        two.twin("erp").put("customers", vat_no=f"A{number}", title=f"erp {number}", labels=["e"])
    report = await two.run()
    assert report.summaries[0].linked == 9
    for record in two.records("erp").values():
        assert record["title"].startswith("crm")
        assert sorted(record["labels"]) == ["c", "e"]
    await two.settled()


async def test_nothing_is_created_from_half_a_listing(two: Any) -> None:
    for number in range(7):
        two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}")
    pages = 0

    def fail_on_the_third(operation: str) -> None:
        nonlocal pages
        pages += operation == "pages"

    two.twin("crm").before = fail_on_the_third
    await two.run()
    with two.store() as store:
        # One document a link while all of its records show the same.
        assert store._execute("SELECT count(*) FROM member WHERE length(shadow) = 0") == [(14,)]
        assert all(
            row.shadow == row.seen or row.seen is None for rows in store.members_of([1, 2]).values() for row in rows
        )
