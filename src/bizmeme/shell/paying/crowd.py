"""How many requests are in flight at once, as the server bears it."""


class Crowd:
    """How many may be in flight at once: halved where the server is overrun, and grown again by one a round.

    Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._allowed = float(most)
        self._halvings = 0

    @property
    def allowed(self) -> int:
        """At once, now."""
        return int(self._allowed)

    def sent(self) -> int:
        """Note that a request is about to go; what to tell `overrun` if it comes back so."""
        return self._halvings

    def overrun(self, sent: int) -> None:
        """The server was busy or silent; of all that was in flight together, only the first one counts."""
        if sent == self._halvings:
            self._allowed = max(1.0, self._allowed / 2)
            self._halvings += 1

    def answered(self) -> None:
        """An answer came."""
        self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
