"""The call budget of a system instance: a token bucket, and the pause that a throttling server asks for."""

from syncline_runtime.declaration import Rate
from syncline_runtime.ports import Clock


class TokenBucket:
    """At most `rate.calls` per `rate.seconds`; without a rate, only `throttled` holds callers back.

    Calls are granted in the order in which they were asked for: each reserves its moment before it sleeps.
    """

    __slots__ = ("_capacity", "_clock", "_free_at", "_not_before", "_seconds_per_call")

    def __init__(self, rate: Rate | None, clock: Clock) -> None:
        self._clock = clock
        self._seconds_per_call = rate.seconds / rate.calls if rate else 0.0
        self._capacity = rate.seconds if rate else 0.0
        self._free_at = 0.0
        self._not_before = 0.0

    async def acquire(self, calls: int = 1) -> None:
        """Return when `calls` calls may be made."""
        now = self._clock.now()
        # `_free_at` is when the bucket will be full again; it may run ahead of now by the bucket's whole capacity.
        self._free_at = max(self._free_at, now) + calls * self._seconds_per_call
        moment = self._free_at - self._capacity
        while (wait := max(moment, self._not_before) - self._clock.now()) > 0:
            await self._clock.sleep(wait)

    def throttled(self, retry_after: float) -> None:
        """Let nobody call before `retry_after` seconds have passed."""
        self._not_before = max(self._not_before, self._clock.now() + retry_after)
