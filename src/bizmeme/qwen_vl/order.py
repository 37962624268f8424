"""In which order examples are met: shuffled, but batched with others of about their length.

Padding is compute: on board posts, random batches of 16 are longer than sorted ones by half.
"""

import random
from collections.abc import Sequence

POOL_BATCHES = 16


def batched_by_length(lengths: Sequence[int], *, count: int, batch_size: int, seed: int) -> list[int]:
    """`count` indices into `lengths`, epoch after epoch; each run of `batch_size` has similar lengths.

    Every epoch shuffles, sorts pools of 16 batches by length, and shuffles the batches. An epoch's incomplete
    last batch is left out, so that batches stay whole across epochs.
    """
    chance = random.Random(seed)
    order: list[int] = []
    while len(order) < count:
        order += _epoch(lengths, min(batch_size, len(lengths)), chance)
    return order[:count]


def _epoch(lengths: Sequence[int], batch_size: int, chance: random.Random) -> list[int]:
    shuffled = chance.sample(range(len(lengths)), len(lengths))
    pool = batch_size * POOL_BATCHES
    pools = (shuffled[at : at + pool] for at in range(0, len(shuffled), pool))
    batches = [
        alike[at : at + batch_size]
        for alike in (sorted(members, key=lengths.__getitem__) for members in pools)
        for at in range(0, len(alike) - batch_size + 1, batch_size)
    ]
    chance.shuffle(batches)
    return [index for batch in batches for index in batch]
