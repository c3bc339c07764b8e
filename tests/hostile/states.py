"""Files of a state, damaged in the ways that disks, people and programs have."""

import random


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes of a file, damaged in one of the ways that disks, people and programs have."""
    page, changed = 4096, bytearray(content)
    match chance.randrange(6):
        case 0:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        case 1:
            del changed[chance.randrange(1, len(changed)) :]
        case 2:
            one, other = (chance.randrange(len(changed) // page) * page for _ in range(2))
            changed[one : one + page], changed[other : other + page] = (
                content[other : other + page],
                content[one : one + page],
            )
        case 3:
            place = chance.randrange(len(changed))
            changed[place : place + 64] = bytes(len(changed[place : place + 64]))
        case 4:
            place = chance.randrange(len(changed) // page) * page
            changed[place : place + page] = chance.randbytes(page)
        case _:
            one, other = sorted(chance.sample(range(len(changed) - 40), 2))
            changed[one : one + 20], changed[other : other + 20] = content[other : other + 20], content[one : one + 20]
    return bytes(changed)
