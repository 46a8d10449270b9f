"""How many requests one process takes at a time: as many as it answers in time, the others are refused."""

from math import inf

from api.web.settings import ApiSettings

FEWEST = 8  # so many are always taken
FIRST = 64  # until it is known how long answers take; a target of seconds means that nobody shall be refused
SHRINK = 0.8  # the limit becomes so much of it when something was late, once in the time an answer may take
GROW = 1  # it grows by so many each time that the event loop is looked at and nothing was late


class ConcurrencyLimit:
    """Grows while answers come in time and shrinks while they don't (AIMD, as TCP's window does).

    lag_s: how late the event loop is; what comes has waited for so long before anybody could see it.
    Chiu and Jain (1989), Analysis of the increase and decrease algorithms for congestion avoidance.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self.in_flight, self.lag_s = 0, 0.0
        self._target_s = settings.queue_target_ms / 1000
        self._most = float(settings.max_in_flight)
        self._first = min(float(max(FIRST, settings.queue_target_ms)), self._most)
        self._limit = self._first
        self._shrunk_at = -inf

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

    def leave(self, seconds: float, now: float) -> None:
        """It is answered, so long after it came. now: seconds of a clock that only goes forward."""
        if seconds > self._target_s:
            self._shrink(now)
        self.in_flight -= 1

    def observe_lag(self, seconds: float, now: float) -> None:
        """A timer was late by so much. Beyond the first limit it grows only where it is used."""
        self.lag_s = max(seconds, 0.0)
        if seconds > self._target_s:
            self._shrink(now)
        elif now <= self._shrunk_at + self._target_s:
            return
        elif self._limit < self._first or self.in_flight * 2 > self._limit:
            self._limit = min(self._limit + GROW, self._most)

    def _shrink(self, now: float) -> None:
        """From what is in flight, since a limit that was not reached says nothing; not again for what came
        before the limit was so low."""
        if now > self._shrunk_at + self._target_s:
            self._limit = max(min(self._limit, self.in_flight) * SHRINK, FEWEST)
            self._shrunk_at = now
