"""Tryton as ERP to PocketBase as CRM, one-way: products, and prices in the currency of the company."""

from decimal import Decimal
from pathlib import Path

import pytest

from .clients.writes import Writes, writes_between
from .command import AWAITS_CONSENT, IN_STEP, Command, Ended, build
from .customers import Product, products
from .customers_in_two import EXAMPLES, crm_settings, erp_settings
from .servers.pocketbase import PocketBase
from .servers.tryton import Tryton

NOTHING = Writes(frozenset(), frozenset(), frozenset())


class Catalogue:
    """The same products in both systems, and the command."""

    def __init__(self, crm: PocketBase, erp: Tryton, command: Command) -> None:
        self.crm, self.erp, self.command = crm, erp, command
        self.erp.client.create_products([product.template() for product in products()])

    def sold(self) -> dict[str, dict[str, object]]:
        """What the CRM shows, by code."""
        return {record["sku"]: record for record in self.crm.client.all("products").values()}

    def kept(self) -> dict[str, dict[str, object]]:
        """What the ERP keeps, by code."""
        return {record["code"]: {**record, "id": key} for key, record in self.erp.client.products().items()}

    def sync(self, *arguments: str) -> tuple[Ended, Writes]:
        """Run, and see what was written in the CRM, by the CRM's stamps; the ERP is never written to, and a second run
        writes nothing."""
        kept = self.erp.client.stamps("product.template")
        before = self.crm.client.stamps("products")
        ended = self.command("run", "--json", *arguments)
        after = self.crm.client.stamps("products")
        assert self.command("run", "--json").code == IN_STEP
        assert writes_between(after, self.crm.client.stamps("products")) == NOTHING
        assert writes_between(kept, self.erp.client.stamps("product.template")) == NOTHING
        return ended, writes_between(before, after)


@pytest.fixture
def catalogue(pocketbase: PocketBase, tryton: Tryton, tmp_path: Path) -> Catalogue:
    command = build(EXAMPLES / "products.sync", tmp_path, crm_settings(pocketbase) | erp_settings(tryton))
    return Catalogue(pocketbase, tryton, command)


def test_products_and_prices_go_from_the_erp_to_the_crm(catalogue: Catalogue) -> None:
    assert catalogue.command("run").code == AWAITS_CONSENT
    assert catalogue.sold() == {}

    ended, written = catalogue.sync("--apply-first")

    assert (ended.code, len(written.created), len(written)) == (IN_STEP, len(products()), len(products()))
    sold = catalogue.sold()
    for product in products():
        record = sold[str(product.code)]
        assert record["name"] == product.name
        assert priced(record) == as_priced(product), product.code

    # A new product, another price, a price of nothing, a price gone, another name, and a product no longer sold.
    kept = catalogue.kept()
    for code, change in {
        "SKU-0020": {"list_price": Decimal("12345678901234567890.0001")},
        "SKU-0021": {"list_price": Decimal("0.00")},
        "SKU-0022": {"list_price": None},
        "SKU-0009": {"list_price": Decimal("0.0003")},  # had none
        "SKU-0023": {"name": "Ærespris, blå – 50 µm"},
    }.items():
        catalogue.erp.client.edit_product(str(kept[code]["id"]), **change)
    catalogue.erp.client.archive("product.template", [str(kept["SKU-0024"]["id"])])
    catalogue.erp.client.create_products([Product(code="NEW", name="New", list_price=Decimal("1.5")).template()])

    _, written = catalogue.sync()

    sold = catalogue.sold()
    assert (len(written.created), len(written.changed), len(written.removed)) == (1, 6, 0)
    assert priced(sold["SKU-0020"]) == (Decimal("12345678901234567890.0001"), "EUR")
    assert priced(sold["SKU-0021"]) == (Decimal(0), "EUR")
    assert priced(sold["SKU-0022"])[0] is None
    assert priced(sold["SKU-0009"]) == (Decimal("0.0003"), "EUR")
    assert sold["SKU-0023"]["name"] == "Ærespris, blå – 50 µm"
    assert sold["SKU-0024"]["archived"] is True
    assert priced(sold["NEW"]) == (Decimal("1.5"), "EUR")


def test_a_price_changed_in_the_crm_is_put_right(catalogue: Catalogue) -> None:
    catalogue.sync("--apply-first")
    record = catalogue.sold()["SKU-0030"]
    right = priced(record)
    catalogue.crm.client.edit("products", str(record["id"]), price="0.01", name="Bargain")

    _, written = catalogue.sync()

    assert written.changed == {record["id"]}
    assert priced(catalogue.sold()["SKU-0030"]) == right
    assert catalogue.sold()["SKU-0030"]["name"] == products()[30].name


def priced(record: dict[str, object]) -> tuple[Decimal | None, str]:
    """The price that the CRM shows, and its currency."""
    return Decimal(str(record["price"])) if record["price"] else None, str(record["currency"])


def as_priced(product: Product) -> tuple[Decimal | None, str]:
    """The price that the CRM should show."""
    return (product.list_price, "EUR") if product.list_price is not None else (None, "")
