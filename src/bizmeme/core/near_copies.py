"""Which posts share one paid request: the same text as sent, with the same or nearly the same picture.

    101  "gm"  a green candle                 →  asked for itself
    207  "gm"  the candle, compressed again   →  shares 101's request
    350  "gm"  another picture                →  asked for itself

Every post of a group shares the request of its earliest, to whose picture its own ties directly (the rule of
core/duplicates.py). Posts are gone through as they were posted, and each joins a group that is there, or
opens one: what is posted later never changes whose request an older post shares. A post that is found late,
though, in an archive say, may become the earliest of a group that was asked before; that group is then asked
once more.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bizmeme.core.duplicates import picture_groups


def heads(
    texts: Sequence[str], hashes: npt.NDArray[np.uint64], thumbnails: npt.NDArray[np.uint8]
) -> list[int]:
    """For each of n posts, in the order of posting, the place of the one whose request it shares.

    `texts` are as sent, after the prompt's cut; `hashes` (n,) and `thumbnails` (n, 768) of their pictures.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        alike[text].append(place)
    found = list(range(len(texts)))
    for places in alike.values():
        first = picture_groups(hashes[places], thumbnails[places])
        for place, head in zip(places, first, strict=True):
            found[place] = places[head]
    return found
