"""One process under the supervisor, started again whenever it ends."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from features.store.parts import Part

logger = logging.getLogger("perennial.processes")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 3.0  # before a restart; it doubles from one to the other
HEALTHY_S = 60.0  # who has run for so long can start: the next pause is the first again
FAILED_STARTS = 3
HANG_S = 30.0  # without a heartbeat


class CannotStart(Exception):
    """A process failed to start again and again, and never ran for a minute; with its last words."""


class Child:
    """A running process, or the pause before its next start. What it writes to stderr passes through.

    heartbeats: the folder in which it changes `<pid>.json` every second; where it stops to, it is killed.
    """

    def __init__(
        self,
        part: Part,
        command: Sequence[str],
        environment: Mapping[str, str],
        inherited: Sequence[int],
        heartbeats: Path | None = None,
        healthy_s: float = HEALTHY_S,
        hang_s: float = HANG_S,
    ) -> None:
        self._command, self._environment, self._inherited = command, environment, inherited
        self._part = part
        self._heartbeats, self._last_beat, self._beat_at = heartbeats, 0.0, 0.0
        self._healthy_s, self._hang_s = healthy_s, hang_s
        self._pause_s = FIRST_PAUSE_S
        self._failed_starts = 0
        self._was_healthy = False
        self._last_words = ""
        self._start_at: float | None = None
        self._start()

    def look(self, *, may_give_up: bool = True) -> None:
        """Start it again when it has ended and its pause is over. To be called often.

        Raises CannotStart, and with `may_give_up` alone.
        """
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self._start_again(now)
        elif self.process.poll() is None and self._hangs(now):
            self._part.failed("it hangs")
            logger.warning("a process hangs and is killed", extra={"pid": self.process.pid})
            self.process.kill()
        elif self.process.poll() is None:
            if now - self._started_at >= self._healthy_s:
                self._was_healthy, self._pause_s = True, FIRST_PAUSE_S
                self._part.works()
        else:
            self._count_failure(may_give_up)
            self._pause(now)

    def _hangs(self, now: float) -> bool:
        """Whether its heartbeat has not changed for too long; one that has none yet may be starting."""
        beat = 0.0
        if self._heartbeats is not None:
            with suppress(OSError):
                beat = (self._heartbeats / f"{self.process.pid}.json").stat().st_mtime
        if beat != self._last_beat:
            self._last_beat, self._beat_at = beat, now
        return beat > 0 and now - self._beat_at > self._hang_s

    def _start_again(self, now: float) -> None:
        try:
            self._start()
        except OSError as error:  # no memory or descriptor for another process
            self._part.failed(type(error).__name__, error)
            self._pause(now)

    def _pause(self, now: float) -> None:
        self._start_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _start(self) -> None:
        # A session of its own: Ctrl+C reaches the supervisor alone, which stops its children in order.
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            pass_fds=self._inherited,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        self._start_at = None
        self._relay = threading.Thread(target=self._pass_on, args=(self.process.stderr,), daemon=True)
        self._relay.start()

    def _count_failure(self, may_give_up: bool) -> None:
        """A process that was killed may well be able to start; one that ends itself with an error not."""
        self._relay.join(1.0)
        code = self.process.returncode
        logger.warning(
            "a process ended and is started again",
            extra={"pid": self.process.pid, "reason": f"exit code {code}: {self._last_words}"},
        )
        self._part.failed(f"exit code {code}")
        self._failed_starts += code > 0
        if may_give_up and self._failed_starts >= FAILED_STARTS and not self._was_healthy:
            raise CannotStart(
                f"`{' '.join(self._command)}` failed {self._failed_starts} times to start: {self._last_words}"
            )

    def _pass_on(self, stderr: IO[bytes]) -> None:
        with stderr:
            for line in stderr:
                with suppress(OSError):  # a full disk: the child must not wait for us to read on
                    sys.stderr.buffer.write(line)
                    sys.stderr.buffer.flush()
                self._last_words = line.decode(errors="replace").strip() or self._last_words
