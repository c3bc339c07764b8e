"""What mapping a record costs, against a function that a careful person wrote for the same twelve fields.

Both take the record as a connector delivers it and give the same values: three renames, a concatenation, a value table, a date,
a decimal that is to fit its column, a nested field, a boolean, an integer, a default, a long text. Null and a missing key are
told apart by both. They take turns in one process; what counts is the median of the ratios.

`python benchmarks/mapping.py` prints the processor time of each and the ratio.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from syncline.pipeline import check_spec, generate
from syncline_runtime.declaration import FieldMap
from syncline_runtime.values import ABSENT

SPEC = """spec mapping_benchmark version 1
connector desk over rest {
  setting url : url
  base "{url}"
  resource accounts {
    id         : text(20) identity
    number     : text(12)
    company    : text(80)
    mail       : text(120)
    first_name : text(40)
    last_name  : text(40)
    stage      : text(20)
    since      : date
    credit     : decimal(12, 2) spelled text
    town       : text(40) at "address.town"
    active     : boolean
    country    : text(2)
    staff      : integer
    remarks    : text
    list GET "/accounts" { items "data" }
    create POST "/accounts" { returns record }
    update PATCH "/accounts/{id}" { returns record }
  }
}
system a = desk { url: env("A_URL") }
system b = desk { url: env("B_URL") }
enum Stage { prospect, customer, lost }
record Address { city : text(40)? }
entity Account {
  code      : text(12)
  company   : text(80)
  email     : text(120)?
  contact   : text?
  stage     : Stage?
  since     : date?
  credit    : decimal(12, 2)?
  address   : Address
  active    : boolean?
  country   : text
  staff     : integer?
  notes     : text?
  match code
}
map Account to a.accounts {
  code         <-  number
  company      <-  company
  email        <-  mail
  contact      <-  first_name + " " + last_name
  stage        <-  stage  as { prospect: ["lead", "new"], customer: "won", lost: "lost" }
  since        <-  since
  credit       <-  credit
  address.city <-  town
  active       <-  active
  country      <-  if country is present then country else "MX"
  staff        <-  staff
  notes        <-  remarks
}
map Account to b.accounts {
  code         <-> number
  company      <-> company
  email        <-> mail
  stage        <-> stage  as { prospect: ["lead", "new"], customer: "won", lost: "lost" }
  since        <-> since
  credit       <-> credit
  address.city <-> town
  active       <-> active
  staff        <-> staff
  notes        <-> remarks
}
sync Account across a, b {
  create in a never
  delete in a never
  delete in b never
  truth { otherwise prefers a then b }
  empty propagates
}
"""
STAGES = {"lead": "prospect", "new": "prospect", "won": "customer", "lost": "lost"}
NATIVES = {"prospect": "lead", "customer": "won", "lost": "lost"}
CENT = Decimal("0.01")
PORTION = 100


def read_by_hand(native: Mapping[str, Any]) -> dict[str, Any]:
    """What a careful person writes: nothing is looked up twice, null and missing go through."""
    get = native.get
    first, last = get("first_name", ABSENT), get("last_name", ABSENT)
    stage, since = get("stage", ABSENT), get("since", ABSENT)
    credit, country = get("credit", ABSENT), get("country", ABSENT)
    return {
        "code": get("number", ABSENT),
        "company": get("company", ABSENT),
        "email": get("mail", ABSENT),
        "contact": f"{first} {last}" if first is not ABSENT and last is not ABSENT else ABSENT,
        "stage": STAGES[stage] if stage is not None and stage is not ABSENT else stage,
        "since": date.fromisoformat(since) if since is not None and since is not ABSENT else since,
        "credit": Decimal(credit).quantize(CENT) if credit is not None and credit is not ABSENT else credit,
        "address.city": get("town", ABSENT),
        "active": get("active", ABSENT),
        "country": country if country else "MX" if country is not ABSENT else ABSENT,
        "staff": get("staff", ABSENT),
        "notes": get("remarks", ABSENT),
    }


def write_by_hand(values: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """The mirror: a stage keeps its old spelling, what is absent is not written."""
    get = values.get
    stage, since, credit = get("stage", ABSENT), get("since", ABSENT), get("credit", ABSENT)
    spelled = stage if stage is None or stage is ABSENT else NATIVES[stage]
    if old is not None and stage is not None and STAGES.get(old.get("stage", "")) == stage:
        spelled = old["stage"]
    native = {
        "number": get("code", ABSENT),
        "company": get("company", ABSENT),
        "mail": get("email", ABSENT),
        "stage": spelled,
        "since": since.isoformat() if since is not None and since is not ABSENT else since,
        "credit": str(credit) if credit is not None and credit is not ABSENT else credit,
        "town": get("address.city", ABSENT),
        "active": get("active", ABSENT),
        "staff": get("staff", ABSENT),
        "remarks": get("notes", ABSENT),
    }
    return {name: value for name, value in native.items() if value is not ABSENT}


def records(number: int, seed: int = 7) -> list[dict[str, Any]]:
    """Accounts as a REST connector delivers them: one in ten without a date, one in twenty without a key."""
    draw = random.Random(seed)
    made = []
    for position in range(number):
        native = {
            "id": f"a{position}",
            "number": f"{position:012d}",
            "company": draw.choice(("Acme", "Globex", "Initech")) + f" {position}",
            "mail": f"buyer{position}@example.com",
            "first_name": draw.choice(("Ana", "Luis", "Maria", "Jose")),
            "last_name": draw.choice(("Gomez", "Perez", "Garcia")),
            "stage": draw.choice(("lead", "new", "won", "lost")),
            "since": (date(2019, 1, 1) + timedelta(days=draw.randrange(2500))).isoformat(),
            "credit": f"{draw.randrange(400) * 250}.{draw.choice(('00', '50'))}",
            "town": draw.choice(("Puebla", "Oslo", "Lyon")),
            "active": draw.random() < 0.9,
            "country": draw.choice(("MX", "NO", None)),
            "staff": draw.randrange(500),
            "remarks": "x" * draw.randrange(80),
        }
        if draw.random() < 0.1:
            native["since"] = None
        if draw.random() < 0.05:
            del native["remarks"]
        made.append(native)
    return made


@dataclass(frozen=True, slots=True)
class Measured:
    """Processor time per record in microseconds, of ours and of the hand-written function, and the median of the ratios."""

    name: str
    ours: float
    by_hand: float
    ratio: float


def measured(rounds: int = 41, number: int = 5_000) -> tuple[Measured, ...]:
    """Both directions, after it is certain that both functions give the same."""
    with generated_maps() as (reading, writing):
        natives = records(number)
        values = [reading.read(native) for native in natives]
        assert [read_by_hand(native) for native in natives] == values
        olds = [{"stage": native["stage"]} for native in natives]
        pairs = list(zip(values, olds, strict=True))
        assert [writing.write(*pair) for pair in pairs] == [write_by_hand(*pair) for pair in pairs]
        read = _paired("read", reading.read, read_by_hand, [(native,) for native in natives], rounds)
        write = _paired("write", writing.write, write_by_hand, pairs, rounds)
    return read, write


def _paired(
    name: str, ours: Callable[..., Any], by_hand: Callable[..., Any], inputs: list[tuple[Any, ...]], rounds: int
) -> Measured:
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(rounds):
        # Small portions, in turns: whatever else the machine does meets both alike.
        for start in range(0, len(inputs), PORTION):
            portion = inputs[start : start + PORTION]
            for given in portion:
                # Records come hot from the decoder: neither pays for the other's cold memory.
                by_hand(*given)
                ours(*given)
            for first in (turn % 2 == 0, turn % 2 == 1):
                function = ours if first else by_hand
                began = time.process_time_ns()
                for given in portion:
                    function(*given)
                times[first].append((time.process_time_ns() - began) / len(portion) / 1000)
    ratios = [mine / theirs for mine, theirs in zip(times[True], times[False], strict=True)]
    return Measured(name, median(times[True]), median(times[False]), median(ratios))


@contextmanager
def generated_maps() -> Iterator[tuple[FieldMap, FieldMap]]:
    """The maps of the benchmark's spec, generated and imported."""
    checked = check_spec("mapping_benchmark.sync", SPEC.encode(), lambda name: None)
    assert checked.sound, checked.diagnostics
    assert checked.model is not None
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "mapping_benchmark"
        package.mkdir()
        for path, text in generate(checked.model).items():
            (package / path).write_text(text, encoding="utf-8")
        sys.path.insert(0, folder)
        try:
            declared = import_module("mapping_benchmark").PACKAGE
        finally:
            sys.path.remove(folder)
        yield declared.mapping("Account", "a"), declared.mapping("Account", "b")


if __name__ == "__main__":
    for each in measured():
        print(f"{each.name:6} ours {each.ours:5.2f} us  by hand {each.by_hand:5.2f} us  ratio {each.ratio:.2f}")
