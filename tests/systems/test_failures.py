"""What goes wrong with a server while a run is on its way: the run says so, loses nothing, and a later run finishes the work.

The customers of a PostgreSQL table are brought into PocketBase, through a proxy that spoils some of the exchanges.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .clients.writes import writes_between
from .command import FAILED, IN_STEP, NEEDS_PERSON, Command, Ended, build
from .customers_in_two import crm_settings
from .servers.faults import Answer, Fault, Hang, Meanwhile, Proxy, Request, Reset, before
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres

JSON = {"Content-Type": "application/json"}
LIBRARY = Path(__file__).parents[2] / "specs" / "library"
COUNT, AT_ONCE = 240, 50
TIME_OUT_SECONDS = 1
# How long a request without an answer may still be carried out: these servers do it at once or never.
SETTLE = ("--settle", "0.5")


class Shop:
    """The table, the CRM behind the proxy, and the command."""

    def __init__(self, crm: PocketBase, database: Postgres, proxy: Proxy, command: Command) -> None:
        self.crm, self.database, self.proxy, self.command = crm, database, proxy, command
        self.database.client.load(
            [{"full_name": f"Åse № {number}", "email": f"ase.{number}@example.com"} for number in range(COUNT)]
        )

    def run(self, *arguments: str) -> Ended:
        """Run with consent to the first run."""
        return self.command("run", "--apply-first", *SETTLE, *arguments)

    def finish(self) -> Ended:
        """Run until what may still be under way no longer can be."""
        finished = self.run()
        while finished.code == NEEDS_PERSON and "unknown outcome" in finished.text:
            finished = self.run()
        return finished

    def names(self) -> list[str]:
        """The names in the CRM, by its own account."""
        return sorted(record["fullname"] for record in self.crm.client.all("contacts").values())

    def hold_to_completion(self) -> None:
        """Every customer is in the CRM, once, and a run finds nothing left to write."""
        assert self.names() == sorted(row["full_name"] for row in self.database.client.all().values())
        before_it = self.crm.client.stamps("contacts"), self.database.client.stamps()
        again = self.run()
        assert (again.code, again.problems) == (IN_STEP, ""), again
        assert len(writes_between(before_it[0], self.crm.client.stamps("contacts"))) == 0
        assert len(writes_between(before_it[1], self.database.client.stamps())) == 0


@pytest.fixture
def proxy(pocketbase: PocketBase) -> Iterator[Proxy]:
    with before(pocketbase.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the generated package; its connector is the library's, but less patient."""
    library = (LIBRARY / "pocketbase.sync").read_text()
    impatient = library.replace("connector pocketbase", "connector impatient_pocketbase").replace(
        "  throttle 429\n", f"  throttle 429\n  timeout {TIME_OUT_SECONDS} seconds\n"
    )
    assert impatient.count("impatient") == impatient.count("timeout") == 1
    folder = tmp_path_factory.mktemp("failures")
    spec = folder / "failures.sync"
    spec.write_text(f"{(Path(__file__).parent / spec.name).read_text()}\n{impatient}")
    return build(spec, folder, {}).folder


@pytest.fixture
def shop(pocketbase: PocketBase, postgres: Postgres, proxy: Proxy, package: Path, tmp_path: Path) -> Shop:
    shutil.copytree(package / "failures", tmp_path / "failures")
    command = Command(tmp_path, "failures", {**crm_settings(pocketbase, proxy.url), "SHOP_URL": postgres.url})
    return Shop(pocketbase, postgres, proxy, command)


def creates(request: Request) -> bool:
    """Whether a request creates contacts."""
    return request.method == "POST" and request.path.endswith("/batch")


def listings(request: Request) -> bool:
    """Whether a request lists contacts."""
    return request.method == "GET" and "/contacts/records?" in request.path


# -- what is repeated at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "least_seconds"),
    [
        pytest.param(Answer(429, headers={"Retry-After": "1"}), 1.0, id="429 with Retry-After"),
        pytest.param(Answer(429), 0.4, id="429 without"),
        pytest.param(Answer(500, headers=JSON), 0.4, id="500 in the system's own form"),
        pytest.param(Answer(503, b"<h1>Busy</h1>", {"Retry-After": "1"}), 1.0, id="503 with Retry-After"),
    ],
)
def test_a_server_that_wants_a_moment_gets_it(shop: Shop, fault: Fault, least_seconds: float) -> None:
    shop.proxy.spoil(creates, fault, after=1)

    ended = shop.run()

    assert (ended.code, ended.problems) == (IN_STEP, "")
    batches = shop.proxy.seen(creates)
    assert len(batches) == -(-COUNT // AT_ONCE) + 1
    assert batches[-1].at - batches[1].at >= least_seconds
    shop.hold_to_completion()


def test_a_listing_is_asked_for_again(shop: Shop) -> None:
    shop.proxy.spoil(listings, Answer(500, b"oops"), Reset(forwarded=False))
    assert shop.run().code == IN_STEP
    shop.hold_to_completion()


# -- what nobody knows the outcome of ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Reset(forwarded=True), "the connection broke", id="reset after it was carried out"),
        pytest.param(Reset(forwarded=False), "the connection broke", id="reset before"),
        pytest.param(Hang(TIME_OUT_SECONDS + 1), "no answer in time", id="time-out, carried out"),
        pytest.param(
            Answer(500, b"<h1>Internal Server Error</h1>", {"Content-Type": "text/html"}),
            "HTTP 500",
            id="500 of a gateway",
        ),
        pytest.param(Answer(502, b""), "HTTP 502", id="502"),
    ],
)
def test_a_create_without_an_answer_is_looked_for_before_it_is_repeated(shop: Shop, fault: Fault, reason: str) -> None:
    shop.proxy.spoil(creates, fault, after=1)

    ended = shop.run()

    assert ended.code == NEEDS_PERSON, ended
    (line,) = (line for line in ended.text.splitlines() if "unknown outcome" in line)
    assert f"{AT_ONCE} writes with unknown outcome (crm: {reason}" in line
    assert "Traceback" not in ended.problems
    assert len(set(shop.names())) == len(shop.names())

    finished = shop.finish()
    assert finished.code == IN_STEP, finished
    shop.hold_to_completion()


# -- a server that is gone ---------------------------------------------------------------------------------------------


def test_a_server_killed_in_mid_run_loses_nothing_and_the_next_run_finishes(shop: Shop) -> None:
    def kill_between() -> None:
        while not shop.names():  # the batches that came before this one are on their way
            time.sleep(0.01)
        shop.crm.process.kill()

    shop.proxy.spoil(creates, Meanwhile(kill_between), after=2)

    ended = shop.run()

    assert ended.code in (NEEDS_PERSON, FAILED)
    assert "the connection broke" in ended.text + ended.problems
    shop.crm.process.start()
    there = shop.names()
    assert 0 < len(there) < COUNT
    assert len(set(there)) == len(there)

    finished = shop.finish()
    assert finished.code == IN_STEP, finished
    shop.hold_to_completion()


def test_a_server_that_hangs_is_named(shop: Shop) -> None:
    shop.run()
    shop.database.client.edit("1", full_name="Edited while the CRM hangs")
    shop.crm.process.pause()
    try:
        ended = shop.run()
    finally:
        shop.crm.process.resume()

    assert ended.code == FAILED
    (line,) = ended.problems.splitlines()
    assert line.startswith("failures: crm: ")
    assert "CRM_URL" in line or "no answer" in line
    assert shop.run().code == IN_STEP
    shop.hold_to_completion()


def test_the_sync_killed_in_mid_run_goes_on_where_it_was(shop: Shop) -> None:
    victim = []
    shop.proxy.spoil(creates, Meanwhile(lambda: victim[0].kill()), after=2)
    victim.append(shop.command.start("run", "--apply-first", *SETTLE))
    victim[0].communicate(timeout=60)
    assert victim[0].returncode < 0

    finished = shop.finish()
    assert finished.code == IN_STEP, finished
    shop.hold_to_completion()


# -- a record that is refused ------------------------------------------------------------------------------------------


def test_a_value_that_the_target_refuses_stops_neither_its_record_nor_any_other(shop: Shop) -> None:
    shop.database.client.edit("7", notes="x" * 2001)  # the CRM takes 2000
    shop.database.client.edit("151", notes="y" * 3000)

    ended = shop.run()

    assert ended.code == NEEDS_PERSON
    assert len(shop.names()) == COUNT
    assert {record["notes"] for record in shop.crm.client.all("contacts").values()} == {""}
    told = [line for line in ended.text.splitlines() if "2000 character" in line]
    assert len(told) == 2, ended.text
    assert all("notes: " in line and "failures.sync:" in line for line in told), told

    stamps = shop.crm.client.stamps("contacts")
    sent = len(shop.proxy.seen(creates))
    assert shop.run().code == NEEDS_PERSON
    assert len(shop.proxy.seen(creates)) == sent  # a refused value is not sent again as it stands
    assert not writes_between(stamps, shop.crm.client.stamps("contacts"))

    shop.database.client.edit("7", notes="x" * 2000)
    shop.database.client.edit("151", notes=None)
    assert shop.run().code == IN_STEP
    shop.hold_to_completion()
    assert sorted(record["notes"] for record in shop.crm.client.all("contacts").values())[-2:] == ["", "x" * 2000]


def test_an_update_that_the_target_refuses_leaves_the_other_fields_in_step(shop: Shop) -> None:
    shop.run()
    shop.database.client.edit("9", full_name="New name", notes="x" * 2001)
    shop.database.client.edit("10", full_name="Another name")

    ended = shop.run()

    assert ended.code == NEEDS_PERSON
    assert {"Another name", "New name"} <= set(shop.names())
    shop.database.client.edit("9", notes="shorter")
    assert shop.run().code == IN_STEP
    shop.hold_to_completion()
