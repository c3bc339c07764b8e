"""The command killed again and again, between a PostgreSQL table and PocketBase: nothing is lost, nothing is there twice."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.killing.campaign import campaign

from .command import Command, build
from .customers_in_two import crm_settings
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres

SPEC = Path(__file__).parent / "failures.sync"
NAMES = {"crm": {"name": "fullname", "notes": "notes"}, "shop": {"name": "full_name", "notes": "notes"}}
KILLS, SEED, POPULATION = 10, 1, 60


class Shop:
    """`World` of the two servers; the key of a customer is in the e-mail address."""

    sides: Sequence[str] = ("crm", "shop")
    asked = ""
    fields: Mapping[str, Sequence[str]] = {"name": sides, "notes": sides}

    def __init__(self, crm: PocketBase, database: Postgres, command: Command) -> None:
        self.crm, self.database, self.command = crm.client, database.client, command

    def create(self, side: str, key: str, values: Mapping[str, str]) -> None:
        native = {"email": f"{key}@example.com", **{NAMES[side][name]: value for name, value in values.items()}}
        if side == "crm":
            self.crm.create("contacts", native)
        else:
            self.database.load([native])

    def edit(self, side: str, key: str, name: str, value: str) -> None:
        (found,) = (one for one, record in self._records(side).items() if record["email"] == f"{key}@example.com")
        if side == "crm":
            self.crm.edit("contacts", found, **{NAMES[side][name]: value})
        else:
            self.database.edit(found, **{NAMES[side][name]: value})

    def shown(self, side: str) -> list[tuple[str, Mapping[str, str | None]]]:
        return [
            (str(record["email"]).split("@")[0], {name: record[native] for name, native in NAMES[side].items()})
            for record in self._records(side).values()
        ]

    def stamps(self) -> object:
        return self.crm.stamps("contacts"), self.database.stamps()

    def _records(self, side: str) -> Mapping[str, Mapping[str, str | None]]:
        return self.crm.all("contacts") if side == "crm" else self.database.all()


@pytest.fixture
def shop(pocketbase: PocketBase, postgres: Postgres, tmp_path: Path) -> Shop:
    spec = tmp_path / SPEC.name
    text = SPEC.read_text().replace("impatient_pocketbase", "pocketbase")
    spec.write_text(text.replace("use database\n", "use database\nuse pocketbase\n"))
    return Shop(
        pocketbase,
        postgres,
        build(spec, tmp_path, {**crm_settings(pocketbase), "SHOP_URL": postgres.url}),
    )


def test_killed_paused_and_without_room_it_loses_nothing_and_makes_nothing_twice(shop: Shop) -> None:
    tally = campaign(shop, SEED, KILLS, population=POPULATION)

    assert tally.found == []
    assert tally.kills >= KILLS
    for what in ("pauses", "full disks", "locked states"):
        assert tally.happened[what] == 1, tally.happened
