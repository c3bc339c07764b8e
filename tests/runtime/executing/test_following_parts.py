"""References and collections follow, too: a derived record refers to the same records, and has elements of its own."""

from pathlib import Path
from typing import Any

import pytest

from syncline.cli.files import loader
from syncline.examples.loading import load_package
from syncline.pipeline import check_spec, generate
from syncline_runtime import executor
from syncline_runtime.executing.context import Options
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from tests.runtime.executing.conftest import FakeClock, Told

SPEC = """
spec parts version 1

use pocketbase
system crm = pocketbase { url: env("CRM_URL"), email: env("CRM_EMAIL"), password: secret("CRM_PASSWORD") }
system erp = pocketbase { url: env("ERP_URL"), email: env("ERP_EMAIL"), password: secret("ERP_PASSWORD") }
extend crm {
  resource companies like collection("companies") { name : text(200) required unique }
  resource deals like collection("deals") {
    number : text(20) required unique
    stage : text(20)
    customer : ref companies
    rows : list<rows>
  }
  resource rows { sku : text(40), quantity : integer }
}
extend erp {
  resource companies like collection("companies") { name : text(200) required unique }
  resource orders like collection("orders") {
    number : text(20) required unique
    buyer : ref companies
    rows : list<rows>
  }
  resource rows { sku : text(40), quantity : integer }
}
enum Stage { open, won }
record Line { sku : text(40), quantity : integer? }
entity Company { name : text(200), match name }
entity Deal {
  number : text(20)
  stage : Stage?
  customer : ref Company?
  lines : list<Line> by sku
  match number
}
entity Order {
  number : text(20)
  customer : ref Company?
  lines : list<Line> by sku
  match number
}
map Company to crm.companies { name <-> name }
map Company to erp.companies { name <-> name }
map Deal to crm.deals {
  number <- number
  stage <- stage as { open: "open", won: "won" }
  customer <- customer
  lines <- rows { sku <- sku, quantity <- quantity }
}
map Order to erp.orders {
  number <-> number
  customer <-> buyer
  lines <-> rows { sku <-> sku, quantity <-> quantity }
}
sync Company across crm, erp {
  delete in crm never
  delete in erp never
  truth { name owned by crm }
}
sync Deal from crm {}
sync Order across erp { delete in erp never, empty propagates }
derive Order from Deal once when stage becomes won { number <- number, customer <- customer, lines <- lines }
"""


async def test_a_won_deal_takes_its_customer_and_its_lines_along(tmp_path: Path) -> None:
    checked = check_spec("parts.sync", SPEC.encode(), loader("parts.sync"))
    assert checked.model is not None
    assert checked.sound, checked.diagnostics
    package = load_package(generate(checked.model))
    clock = FakeClock()
    deals = Table(defaults={"customer": "", "rows": []})
    orders = Table(defaults={"buyer": "", "rows": []})
    crm = Twin("crm", clock, companies=Table(), deals=deals)
    erp = Twin("erp", clock, companies=Table(), orders=orders)

    async def run() -> Any:
        clock.time += 60
        with SqliteStore(tmp_path / "state.db", package.name) as store:
            return await executor.run(
                package,
                systems={"crm": crm, "erp": erp},
                store=store,
                clock=clock,
                reporter=Told(),
                options=Options(apply_first=True),
            )

    company = crm.put("companies", name="Acme")
    rows = [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 2}]
    deal = crm.put("deals", number="D1", stage="open", customer=company, rows=rows)
    await run()
    crm.put("deals", deal, stage="won")
    assert (await run()).exit_code == 0
    (order,) = orders.records.values()
    assert erp.shows("companies", order["buyer"])["name"] == "Acme"
    assert order["rows"] == rows
    crm.put("deals", deal, rows=rows[:1])
    before = crm.writes + erp.writes
    for _ in range(2):
        await run()
    assert crm.writes + erp.writes == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("customer <- customer, lines", "customer <- Deal, lines"),
        ("entity Order {", "record Row { sku : text(40), quantity : integer? }\nentity Order {"),
    ],
)
def test_a_reference_to_another_entity_and_elements_of_another_kind_do_not_fit(before: str, after: str) -> None:
    assert SPEC.count(before) == 1
    text = SPEC.replace(before, after)
    if "Row {" in after:
        head, _, rest = text.partition(after)
        text = head + after + rest.replace("lines : list<Line> by sku", "lines : list<Row> by sku", 1)
    codes = {one.code for one in check_spec("parts.sync", text.encode(), loader("parts.sync")).diagnostics}
    assert "type.mismatch" in codes
