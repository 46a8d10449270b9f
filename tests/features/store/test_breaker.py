import asyncio

from features.store.breaker import Breaker


class Probe:
    """Fails as often as configured, then succeeds."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0
        self.succeeded = asyncio.Event()

    async def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError
        self.succeeded.set()


async def test_closed_after_a_good_start() -> None:
    breaker = Breaker(Probe(failures=0))
    await breaker.start()
    assert not breaker.is_open


async def test_probes_until_one_succeeds() -> None:
    probe = Probe(failures=3)
    breaker = Breaker(probe, probe_s=0.001)
    await breaker.start()
    assert breaker.is_open
    await asyncio.wait_for(probe.succeeded.wait(), 2)
    assert (breaker.is_open, probe.calls) == (False, 4)


async def test_many_failures_at_once_are_one() -> None:
    probe = Probe(failures=0)
    breaker = Breaker(probe, probe_s=0.001)
    await breaker.start()
    for _ in range(10):
        breaker.trip("broken")
    assert breaker.is_open
    probe.succeeded.clear()
    await asyncio.wait_for(probe.succeeded.wait(), 2)
    assert (breaker.is_open, probe.calls) == (False, 2)


async def test_stopped_it_stays_open() -> None:
    breaker = Breaker(Probe(failures=10**6), probe_s=0.001)
    await breaker.start()
    await breaker.stop()
    assert breaker.is_open
