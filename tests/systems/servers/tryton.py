"""Tryton 8.2 as ERP: JSON-RPC over SQLite, with parties, products and a company in euro."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..clients.tryton import TrytonClient
from .installation import cache_folder, environment, fingerprint, once, run
from .process import ServerProcess, free_port

# phonenumbers makes the server check and reformat telephone numbers, as an installation of Tryton usually does.
REQUIREMENTS = (
    "trytond==8.2.1",
    "trytond_party==8.2.0",
    "trytond_company==8.2.0",
    "trytond_product==8.2.0",
    "trytond_country==8.2.0",
    "trytond_currency==8.2.0",
    "phonenumbers==9.0.43",
)
MODULES = ("party", "company", "product")
DATABASE, USER, PASSWORD = "syncline", "admin", "admin-pw-123"
COMPANY, CURRENCY = "Syncline Trading", "EUR"
_SNAPSHOT = "snapshot.sqlite"

_CONFIGURATION = """\
[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
[session]
timeout = 86400
max_attempt = 50
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """The server's programs and the seeded database of which every start takes a copy."""

    binaries: Path
    snapshot: Path


@dataclass(frozen=True, slots=True)
class Tryton:
    """A running Tryton with nobody but its own company; `client` is an administrator's."""

    url: str
    database: str
    user: str
    password: str
    process: ServerProcess
    client: TrytonClient


def install() -> Installation:
    """The programs and the snapshot, made if need be (about half a minute, once). Raises NotToBeHad."""
    binaries = environment("tryton", REQUIREMENTS)
    snapshot = cache_folder() / f"tryton-database-{fingerprint(binaries.parent.name, *MODULES, COMPANY, CURRENCY)}"
    with once(snapshot) as empty:
        if empty:
            _seed(binaries, snapshot)
    return Installation(binaries, snapshot / _SNAPSHOT)


def start(installation: Installation, folder: Path) -> Tryton:
    """Start one on a copy of the snapshot in the folder."""
    shutil.copyfile(installation.snapshot, folder / f"{DATABASE}.sqlite")
    return _serve(installation.binaries, folder)


def _serve(binaries: Path, folder: Path) -> Tryton:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client = TrytonClient(url, DATABASE, USER, PASSWORD)
    process = ServerProcess(
        "Tryton",
        [str(binaries / "trytond"), "-c", str(_configuration(folder, port)), "-d", DATABASE],
        log=folder / "tryton.log",
        ready=client.serves,
    )
    process.start()
    return Tryton(url, DATABASE, USER, PASSWORD, process, client)


def _configuration(folder: Path, port: int) -> Path:
    path = folder / "trytond.conf"
    path.write_text(_CONFIGURATION.format(folder=folder, port=port))
    return path


def _seed(binaries: Path, folder: Path) -> None:
    configuration = _configuration(folder, free_port())
    (folder / "password").write_text(PASSWORD)
    (folder / f"{DATABASE}.sqlite").touch()
    run(
        str(binaries / "trytond-admin"),
        *("-c", str(configuration), "-d", DATABASE, "--email", "admin@example.com"),
        *("-u", *MODULES, "--activate-dependencies"),
        TRYTONPASSFILE=str(folder / "password"),
    )
    server = _serve(binaries, folder)
    try:
        server.client.create_company(COMPANY, CURRENCY)
    finally:
        server.process.stop()
    # The server leaves what it wrote last in SQLite's write-ahead log: one file holds all of it only after a backup.
    database, snapshot = (sqlite3.connect(folder / name) for name in (f"{DATABASE}.sqlite", _SNAPSHOT))
    with closing(database), closing(snapshot):
        database.backup(snapshot)
