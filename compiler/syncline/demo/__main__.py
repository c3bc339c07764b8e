"""The main job in a minute: two sandbox systems on loopback, a plan, a run, edits on both sides, a conflict and its resolution."""

import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import syncline
from syncline.cli.check import wants_colour
from syncline.demo.northwind import CUSTOMERS
from syncline_runtime.declaration import Package
from syncline_runtime.simulation.sandbox import Sandbox

SPEC = Path(syncline.__file__).parents[2] / "specs" / "examples" / "northwind.sync"
CRM_KEY, ERP_USER, ERP_PASSWORD = "sandbox-key", "books", "sandbox-password"


def main() -> None:
    """Tell the story; ends with 1 when the last run still had something to write."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="syncline-demo-") as folder:
        workplace = Path(folder)
        say("A spec says what a customer is, where it lives, and who is right about each field.")
        package = built(workplace)
        crm = Sandbox(package.systems["crm"], {"key": CRM_KEY}).start()
        erp = Sandbox(package.systems["erp"], {"user": ERP_USER, "password": ERP_PASSWORD}).start()
        try:
            seed(crm, erp)
            quiet = tell(workplace, crm, erp)
        finally:
            crm.stop()
            erp.stop()
    say(f"That was Syncline, in {time.monotonic() - began:.0f} seconds. The spec: specs/examples/northwind.sync")
    raise SystemExit(0 if quiet else 1)


def tell(workplace: Path, crm: Sandbox, erp: Sandbox) -> bool:
    """The story itself; whether the last run wrote nothing."""

    def syncline_run(*arguments: str, lines: int = 40) -> None:
        run(workplace, crm, erp, arguments, lines)

    say(
        f"Two systems are running on loopback: a CRM with {len(crm.records['accounts'])} accounts, "
        f"an ERP with {len(erp.records['customers'])} customers.\n"
        "Many are the same, some differ. A first run is only a plan, until you have seen it:"
    )
    syncline_run("run", lines=16)
    say("Linked before created, nothing deleted. It may go ahead:")
    syncline_run("run", "--apply-first", lines=14)

    anatr, alfki, blaus, comid = (identity(crm, code) for code in ("ANATR", "ALFKI", "BLAUS", "BOLID"))
    crm.edit("accounts", anatr, {"company": "Ana Trujillo Emparedados S.A.", "labels": ["gold"]})
    crm.edit("accounts", alfki, {"phone": "+49 30 111111", "person": "Maria Anders-Schmidt"})
    erp.edit("customers", number(erp, "ALFKI"), {"telephone": "+49 30 222222", "city": "Potsdam"})
    erp.edit("customers", number(erp, "ANATR"), {"groups": "wholesale"})
    crm.edit("accounts", blaus, {"stage": "won"})
    crm.edit("accounts", comid, {"phone": None})
    say(
        "People edit. In the CRM: a new name, a label, a contact, a won deal, a phone removed. In the ERP: a city, a group.\n"
        "And both sides gave Alfreds Futterkiste another phone. What would happen?"
    )
    syncline_run("plan")
    say("Each change names both values and the rule that decides. The phone is for a person: `phone ask`. Go:")
    syncline_run("run", lines=14)
    say("Somebody calls Alfreds Futterkiste, and corrects the CRM. The conflict closes itself:")
    crm.edit("accounts", alfki, {"phone": "+49 30 222222"})
    syncline_run("run", lines=14)

    before = crm.writes + erp.writes
    say("And once more, with nothing to do:")
    syncline_run("run", lines=14)
    written = crm.writes + erp.writes - before
    say(f"The two systems counted {written} writes.")
    return written == 0


def built(workplace: Path) -> Package:
    """The generated package, checked, built and imported."""
    for arguments in (("check", str(SPEC)), ("build", str(SPEC), "-o", ".")):
        shown = " ".join(arguments).replace(str(SPEC), "specs/examples/northwind.sync")
        command(f"syncline {shown}")
        done = subprocess.run([sys.executable, "-m", "syncline", *arguments], cwd=workplace, text=True, check=True)
        assert done.returncode == 0
    sys.path.insert(0, str(workplace))
    package = import_module("northwind").PACKAGE
    assert isinstance(package, Package)
    return package


def seed(crm: Sandbox, erp: Sandbox) -> None:
    """Northwind's customers: most in both systems, some in one, a few differing."""
    for place, (code, company, person, city, country, phone) in enumerate(CUSTOMERS):
        if place % 7 != 6:
            crm.add(
                "accounts",
                {
                    "number": code,
                    "company": company if place % 5 else f" {company} ",
                    "person": person,
                    "phone": phone,
                    "stage": "lead" if place % 3 else "key account",
                    "town": city,
                    "country": country,
                    "labels": ["europe"] if place % 2 else [],
                    "closed": False,
                },
            )
        if place % 6 != 5:
            erp.add(
                "customers",
                {
                    "account": code,
                    "name": company if place % 9 else company.upper(),
                    "contact": "" if place % 8 == 3 else person,
                    "telephone": phone,
                    "city": city,
                    "country": country,
                    "status": 0 if place % 3 else 1,
                    "credit_limit": f"{1000 + 250 * place}.00",
                    "groups": "",
                    "active": True,
                },
            )


def identity(crm: Sandbox, code: str) -> str:
    """The CRM's id of a customer."""
    return next(found for found, record in crm.records["accounts"].items() if record["number"] == code)


def number(erp: Sandbox, code: str) -> str:
    """The ERP's number of a customer."""
    return next(found for found, record in erp.records["customers"].items() if record["account"] == code)


def run(workplace: Path, crm: Sandbox, erp: Sandbox, arguments: tuple[str, ...], lines: int) -> None:
    """Run the generated package as a client would, and show the last lines of what it says."""
    command(f"python -m northwind {' '.join(arguments)}")
    environment = {
        **os.environ,
        "PYTHONPATH": str(workplace),
        "CRM_URL": crm.url,
        "CRM_KEY": CRM_KEY,
        "ERP_URL": erp.url,
        "ERP_USER": ERP_USER,
        "ERP_PASSWORD": ERP_PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, "-m", "northwind", *arguments],
        cwd=workplace,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    shown = done.stdout.rstrip().splitlines()
    if len(shown) > lines:
        print(f"  … {len(shown) - lines} lines more above")
        shown = shown[-lines:]
    for line in shown:
        print(f"  {line}")
    print()


def say(sentence: str) -> None:
    """The storyteller."""
    print(f"\n\x1b[1m{sentence}\x1b[0m\n" if wants_colour() else f"\n{sentence}\n", flush=True)


def command(line: str) -> None:
    """A command as it would be typed."""
    print(f"\x1b[36m$ {line}\x1b[0m" if wants_colour() else f"$ {line}", flush=True)


if __name__ == "__main__":
    main()
