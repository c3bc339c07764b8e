"""PostgreSQL as an application's database: one private cluster on loopback, from Debian's packages."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ..clients.postgres import PostgresClient
from .installation import NotToBeHad, run
from .process import ServerProcess, free_port

_HOMES = Path("/usr/lib/postgresql")
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
# The tests may lose their data with the machine, so nothing waits for the disk.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50", "timezone=UTC")
_SCHEMA = """
create table customers (
  id           integer generated always as identity primary key,
  email        varchar(254),
  full_name    varchar(200) not null,
  phone        varchar(40),
  mobile       varchar(40),
  website      varchar(200),
  vat          varchar(20),
  customer_no  varchar(20),
  language     varchar(5),
  credit_limit numeric(24, 4),
  tags         text not null default '',
  notes        text,
  archived     boolean not null default false,
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp()
);
create index customers_email on customers (lower(email));
create index customers_updated on customers (updated_at, id);
create function touch() returns trigger language plpgsql as $$
begin new.updated_at := clock_timestamp(); return new; end $$;
create trigger customers_touch before update on customers for each row execute function touch();
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """PostgreSQL's programs and the user they run as (None: ours)."""

    binaries: Path
    user: str | None


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server with an empty table `customers`; `url` is for SQLAlchemy with psycopg."""

    url: str
    process: ServerProcess
    client: PostgresClient
    folder: Path

    def stop(self) -> None:
        """End the server and remove its cluster."""
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def install() -> Installation:
    """The newest PostgreSQL of the machine, by apt-get if there is none and we may. Raises NotToBeHad."""
    root = os.geteuid() == 0
    if binaries() is None and root and shutil.which("apt-get"):
        _apt_get_install()
    found = binaries()
    if found is None:
        raise NotToBeHad("PostgreSQL is not installed, and only root can install it (apt-get install postgresql)")
    if not root:
        return Installation(found, None)
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NotToBeHad("PostgreSQL does not run as root, and there is no user postgres") from None
    return Installation(found, "postgres")


def start(installation: Installation) -> Postgres:
    """Start one on a new cluster."""
    # Not below pytest's folder: that is closed to the user postgres.
    folder, port = Path(tempfile.mkdtemp(prefix="syncline-postgres-")), free_port()
    if installation.user is not None:
        shutil.chown(folder, installation.user)
    data = folder / "data"
    subprocess.run(
        [
            str(installation.binaries / "initdb"),
            *("--pgdata", str(data), "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        user=installation.user,
        cwd=folder,
    )
    address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=5"
    process = ServerProcess(
        "PostgreSQL",
        [
            *(str(installation.binaries / "postgres"), "-D", str(data), "-k", str(folder)),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"),
            *(part for setting in _SETTINGS for part in ("-c", setting)),
        ],
        log=folder / "postgres.log",
        ready=lambda: _serves(address),
        user=installation.user,
        stop_signal=signal.SIGINT,
    )
    server = Postgres(
        f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", process, PostgresClient(address), folder
    )
    try:
        process.start()
        server.client.execute(_SCHEMA)
    except BaseException:
        server.stop()
        raise
    return server


def binaries() -> Path | None:
    found = [path.parent for path in _HOMES.glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


def _apt_get_install() -> None:
    if not _NO_CLUSTER.exists():  # else Debian starts a server of its own right after installing
        _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    options = ("-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold")
    try:
        run("apt-get", "update", "-q", **quiet)
        run("apt-get", "install", *options, "postgresql", **quiet)
    except subprocess.CalledProcessError as problem:
        raise NotToBeHad(
            f"PostgreSQL cannot be installed by apt-get: {str(problem.stderr).strip()[-200:]}"
        ) from problem


def _serves(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True
