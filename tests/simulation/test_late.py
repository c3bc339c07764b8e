"""What is late in a simulated world lands when it is due, not when somebody looks again."""

import asyncio
from random import Random

from syncline_runtime.simulation.virtual import VirtualLoop
from syncline_runtime.simulation.world import Faults, World


def test_a_late_effect_lands_in_time_though_everybody_waits_longer() -> None:
    loop = VirtualLoop()
    world = World(0, Random(0), loop, Faults())
    landed: list[float] = []

    async def waiting() -> None:
        waits = asyncio.ensure_future(world.sleep(3600.0))
        await world.sleep(1.0)
        world.later(10.0, lambda: landed.append(loop.time()))
        await waits

    try:
        loop.run_until_complete(waiting())
    finally:
        loop.close()
    assert [round(at, 3) for at in landed] == [11.0]
