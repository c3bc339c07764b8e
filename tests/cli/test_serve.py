"""`python -m PACKAGE serve` as a process: it runs what is due, takes webhooks, and ends on SIGTERM with its work done."""

import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner

from syncline.cli import main

KEY = b"0123456789abcdef0123456789abcdef"
SIGNER = "whsec_" + b64encode(KEY).decode()
SPEC = """spec shops version 1

connector calling over sql {
  setting url    : secret
  setting signer : secret?
  webhooks standard signed by signer
  resource people table "people" {
    id    : integer identity
    email : email   unique required
    name  : text(100)
    webhook id "data.id"
  }
}

system crm = calling { url: secret("CRM_URL"), signer: secret("CRM_SIGNER") }
system erp = calling { url: secret("ERP_URL") }

entity Person {
  email : email
  name  : text(100)
  match email
}

map Person to crm.people {
  email <-> email
  name  <-> name
}

map Person to erp.people {
  email <-> email
  name  <-> name
}

sync Person across crm, erp {
  delete in crm hold
  delete in erp hold
  truth { otherwise prefers crm then erp }
  run every 1 hour
  run on webhook
}
"""


def people(path: Path, statement: str = "SELECT name FROM people ORDER BY id") -> list[str]:
    connection = sqlite3.connect(path, timeout=10)
    with connection:
        found = [str(row[0]) for row in connection.execute(statement).fetchall()]
    connection.close()
    return found


class Place:
    """A built package, two databases, and the environment of its command."""

    def __init__(self, folder: Path, spec: str = SPEC) -> None:
        self.folder = folder
        (folder / "shops.sync").write_text(spec, encoding="utf-8")
        built = CliRunner().invoke(main, ["build", str(folder / "shops.sync"), "-o", str(folder / "built")])
        assert built.exit_code == 0, built.output
        self.crm, self.erp = folder / "crm.sqlite", folder / "erp.sqlite"
        for path in (self.crm, self.erp):
            people(path, "CREATE TABLE people(id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT)")
        package = next(path.parent for path in (folder / "built").rglob("certificate.json"))
        self.name = package.name
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(package.parent), *sys.path]),
            "PYTHONUNBUFFERED": "1",
            "CRM_URL": f"sqlite:///{self.crm}",
            "ERP_URL": f"sqlite:///{self.erp}",
            "CRM_SIGNER": SIGNER,
        }

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", self.name, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def do(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def call(port: int, body: bytes, *, key: bytes = KEY) -> int:
    now = str(int(time.time()))
    digest = hmac.new(key, b"m1." + now.encode() + b"." + body, sha256).digest()
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": now,
        "webhook-signature": "v1," + b64encode(digest).decode(),
    }
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/webhooks/crm", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_serves_until_it_is_told_to_stop(place: Place) -> None:
    people(place.crm, "INSERT INTO people(email, name) VALUES ('a@x.org', 'Ana')")
    code, told = place.do("serve")
    assert (code, "run --apply-first" in told) == (3, True)
    assert place.do("run", "--apply-first")[0] == 0
    people(place.crm, "UPDATE people SET name = 'Anna'")
    process = place.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition("http://127.0.0.1:")[2].partition("/")[0])
        assert process.stdout.readline().endswith(f"health at http://127.0.0.1:{port}/health\n")
        assert "serving Person" in process.stdout.readline()
        assert call(port, json.dumps({"data": {"id": 1}}).encode(), key=b"somebody else's") == 401
        assert call(port, json.dumps({"data": {"id": 1}}).encode()) == 204
        until(lambda: people(place.erp) == ["Anna"])
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert output.strip().endswith("stopped")
    assert SIGNER not in output


def test_its_log_is_lines_of_json_for_each_run(place: Place) -> None:
    people(place.crm, "INSERT INTO people(email, name) VALUES ('a@x.org', 'Ana')")
    assert place.do("run", "--apply-first")[0] == 0
    people(place.crm, "UPDATE people SET name = 'Anna'")
    process = place.start("serve", "--port", "0", "--log-format", "json")
    told: list[dict[str, object]] = []
    try:
        assert process.stdout is not None
        while not told or told[-1]["event"] != "serving":
            told += [json.loads(line) for line in [process.stdout.readline()] if line.startswith("{")]
        port = next(one["port"] for one in told if "port" in one)
        assert isinstance(port, int)
        assert call(port, b"{}", key=b"somebody else's") == 401
        assert call(port, json.dumps({"data": {"id": 1}}).encode()) == 204
        until(lambda: people(place.erp) == ["Anna"])
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    told += [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    events = [one["event"] for one in told]
    assert events[-1] == "stopped"
    assert {"begin", "agreed", "done", "end", "problem"} <= set(events)
    assert all("at" in one for one in told)
    assert len({one["run"] for one in told if "run" in one}) == events.count("begin") == events.count("end")
    assert "Anna" not in json.dumps(told)


def test_what_cannot_be_served_is_said_in_a_line(place: Place) -> None:
    assert place.do("run", "--apply-first")[0] == 0
    place.environment["CRM_SIGNER"] = "c2hvcnQ="
    code, told = place.do("serve", "--port", "0")
    assert (code, "Traceback" in told) == (2, False)
    assert "the signing secret is shorter than 16 bytes" in told
    assert "setting signer" in told
