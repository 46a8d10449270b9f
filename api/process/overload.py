"""How many requests one process takes at a time: as many as it answers in time, the others are refused."""

from api.web.settings import ApiSettings

FEWEST = 32  # so many are always taken: fewer say nothing about the time they need
SHRINK, GROW = 0.98, 0.25  # of the limit, for each request that was late or in time


class ConcurrencyLimit:
    """Grows while answers come in time and shrinks while they don't (AIMD, as TCP's window does).

    lag_s: how late the event loop is; what comes has waited for so long before anybody could see it.
    Chiu and Jain (1989), Analysis of the increase and decrease algorithms for congestion avoidance.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self.in_flight, self.lag_s = 0, 0.0
        self._target_s = settings.queue_target_ms / 1000
        self._most = float(max(settings.max_in_flight, FEWEST))
        self._limit = self._most

    @property
    def room(self) -> int:
        """So many more are taken now."""
        return max(int(self._limit) - self.in_flight, 0)

    def take(self) -> bool:
        """Whether a request that has come is taken."""
        if not self.room:
            return False
        self.in_flight += 1
        return True

    def leave(self, seconds: float) -> None:
        """It is answered, so long after it came."""
        if seconds > self._target_s:
            self._shrink()
        elif self.in_flight * 2 > self._limit:
            self._limit = min(self._limit + GROW, self._most)
        self.in_flight -= 1

    def observe_lag(self, seconds: float) -> None:
        """A timer was late by so much."""
        self.lag_s = max(seconds, 0.0)
        if seconds > self._target_s:
            self._shrink()

    def _shrink(self) -> None:
        """From what is in flight: a limit that was not reached says nothing."""
        self._limit = max(min(self._limit, self.in_flight) * SHRINK, FEWEST)
