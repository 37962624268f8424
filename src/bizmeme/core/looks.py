"""A catalog as a whole: whether it can be believed, and when the next one is due."""

_DOUBTS = 2  # in a row, until a shrunken catalog is believed


def plausible(listed: int, before: int, *, doubted: int) -> bool:
    """Whether a catalog of so many threads may follow one of `before`.

    An empty one, or one that lost more than half, is an accident of the board's; the latter is believed once
    it was `doubted` twice in a row.
    """
    return listed > 0 and (2 * listed >= before or doubted >= _DOUBTS)


def next_interval(
    interval_s: float, *, most_new: int, window: int, overflowed: bool, bounds_s: tuple[float, float]
) -> float:
    """When to look again, so that no thread gains more replies than the window proves (window − 1).

    `most_new` are the replies that the busiest thread gained since the last look.
    """
    aim = max(1, window - 2)
    wanted = interval_s * aim / most_new if most_new else 2 * interval_s
    if overflowed:
        wanted = min(wanted, interval_s / 2)
    low, high = bounds_s
    return min(high, max(low, min(wanted, 2 * interval_s)))
