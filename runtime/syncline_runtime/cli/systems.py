"""The systems in use: their settings from the environment, real time, and a count of their requests."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Package
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ordering import ordered
from syncline_runtime.ports import Clock, System, SystemFailure
from syncline_runtime.settings import SecretText, Setting, dotenv, resolve


class WallClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class CountingLimiter:
    """A token bucket that counts what it grants: the requests of a system."""

    def __init__(self, bucket: TokenBucket) -> None:
        self._bucket = bucket
        self.granted = 0

    async def acquire(self, calls: int = 1) -> None:
        await self._bucket.acquire(calls)
        self.granted += calls

    def throttled(self, retry_after: float) -> None:
        self._bucket.throttled(retry_after)


@dataclass(frozen=True, slots=True)
class Connected:
    """The systems of some syncs, not yet opened, and their settings; `secrets` are the texts that must never be shown."""

    systems: Mapping[str, System]
    settings: Mapping[str, Mapping[str, Setting]]
    clock: Clock
    secrets: Sequence[str]
    limiters: Mapping[str, CountingLimiter]

    @property
    def requests(self) -> dict[str, int]:
        """How many requests were made, by system."""
        return {name: limiter.granted for name, limiter in self.limiters.items()}


def connect(package: Package, syncs: Sequence[str], env: Path | None, err: TextIO) -> Connected | None:
    """The systems that `syncs` use (all, if none is named), or None after a line for each that lacks a setting.

    Raises SystemFailure for a settings file that cannot be read.
    """
    variables = _variables(env)
    names = dict.fromkeys(name for sync in ordered(package, syncs) for name in sync.systems)
    settings: dict[str, dict[str, Setting]] = {}
    told: set[str] = set()
    for name in names:
        try:
            settings[name] = resolve(package.systems[name], variables, env or Path(".env"))
        except SystemFailure as failure:
            if str(failure) not in told:  # the places of a system lack the same
                err.write(f"{package.name}: {failure}\n")
            told.add(str(failure))
    if len(settings) < len(names):
        return None
    clock = WallClock()
    accounts = {name: package.systems[name].account for name in settings}
    shared = {
        account: CountingLimiter(TokenBucket(package.systems[name].connector.rate, clock))
        for name, account in accounts.items()
    }
    return Connected(
        systems={
            name: open_system(package.systems[name], own, clock, shared[accounts[name]])
            for name, own in settings.items()
        },
        settings=settings,
        clock=clock,
        secrets=[
            value.reveal() for each in settings.values() for value in each.values() if isinstance(value, SecretText)
        ],
        limiters=shared,
    )


def _variables(file: Path | None) -> Mapping[str, str]:
    if file is not None and not file.is_file():
        raise SystemFailure(str(file), "there is no such file: name another with --env")
    chosen = file or Path(".env")
    return {**(dotenv(chosen) if chosen.is_file() else {}), **os.environ}
