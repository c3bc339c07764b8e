"""`make hostile N=2000 SEED=1`: so many malformed records, calls of each scheme, and a twentieth of bodies and damaged states."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from syncline_runtime.declaration import SCHEMES
from syncline_runtime.signing import Rejected, Signing
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.webhooks import received
from tests.hostile.calls import ADDRESS, KEY, NOW, RESOURCES, mutated
from tests.hostile.reading import Tally, bodies, records, without_identity
from tests.hostile.states import damaged
from tests.runtime.executing.conftest import World, package

_A_RUN = 100
_SECONDS = 120


async def answers(count: int, seed: int) -> Tally:
    """Malformed records, records without identity and malformed bodies, read by the executor over HTTP."""
    tally = Tally()
    for run in range(-(-count // _A_RUN)):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "nameless").mkdir()
            await asyncio.wait_for(records(Path(folder), seed + run, min(_A_RUN, count), tally), _SECONDS)
            await asyncio.wait_for(
                without_identity(Path(folder) / "nameless", seed + run, min(_A_RUN, count), tally), _SECONDS
            )
    for run in range(-(-count // 20)):
        with tempfile.TemporaryDirectory() as folder:
            await asyncio.wait_for(bodies(Path(folder), seed + run, tally), _SECONDS)
    return tally


def calls(count: int, seed: int) -> Tally:
    """Webhooks with one thing wrong, of each scheme."""
    tally, chance = Tally(), random.Random(seed)
    for scheme in SCHEMES:
        by = Signing(scheme, KEY, ADDRESS)
        for _ in range(count):
            headers, body = mutated(chance, scheme)
            tally.answered[f"call, {scheme}"] += 1
            try:
                received(by, RESOURCES, headers, body, NOW)
            except Rejected:
                continue
            except Exception as error:
                tally.found.append(f"{scheme}: {type(error).__name__}: {error}: {headers} {body!r}")
            else:
                tally.found.append(f"{scheme}: taken: {headers} {body!r}")
    return tally


def states(count: int, seed: int) -> Tally:
    """Damaged files of a state: none is opened, none is written to."""
    tally, chance = Tally(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        world = World(path, package("crm", "erp"))
        for number in range(40):
            world.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}")
        asyncio.run(world.run())
        whole = path.read_bytes()
        while tally.count < count:
            content = damaged(whole, chance)
            if content == whole:
                continue
            path.write_bytes(content)
            tally.answered["damaged state"] += 1
            try:
                SqliteStore(path, world.package.name).close()
            except StateFailure as failure:
                if not failure.unusable or "\n" in str(failure):
                    tally.found.append(f"state {tally.count}: {failure}")
            except Exception as error:
                tally.found.append(f"state {tally.count}: {type(error).__name__}: {error}")
            else:
                tally.found.append(f"state {tally.count}: opened")
            if path.read_bytes() != content:
                tally.found.append(f"state {tally.count}: written to")
            for left in ("-wal", "-shm"):
                path.with_name(f"{path.name}{left}").unlink(missing_ok=True)
    return tally


def main() -> int:
    """0 if nothing was taken, lost or left unsaid, else 1."""
    parser = argparse.ArgumentParser(prog="hostile", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = 0
    for make in (
        lambda: calls(asked.count, asked.seed),
        lambda: states(max(1, asked.count // 20), asked.seed),
        lambda: asyncio.run(answers(asked.count, asked.seed)),
    ):
        began = time.monotonic()
        tally = make()
        for line in tally.found[:20]:
            print(line, flush=True)
        told = ", ".join(f"{count} x {what}" for what, count in sorted(tally.answered.items()))
        print(f"{told}: {len(tally.found)} found, {time.monotonic() - began:.0f} s", flush=True)
        found += len(tally.found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
