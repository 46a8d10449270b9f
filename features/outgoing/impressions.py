"""Records of served recommendations, written to the stream outside the response path."""

import asyncio
import logging
from datetime import datetime

import msgspec

from features.store import keys
from features.store.connection import Connection, StoreUnavailable
from features.store.settings import StoreSettings

logger = logging.getLogger(__name__)

BUFFERED_RECORDS = 10_000
RECORDS_PER_ENTRY = 100  # an own stream entry for each answer would cost Redis as much as the answer


class ExperimentAssignment(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """The experiment that an answer was part of. plan_hash: of the experiment's plan; propensity: the
    probability of this arm; holdout: the share of visitors who were held out at the time, 0: none."""

    experiment: str | None = None
    plan_hash: str | None = msgspec.field(default=None, name="edition")
    arm: str | None = None
    propensity: float | None = None
    held_out: bool = False
    holdout: float = 0.0


class ServedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer. `sources` is parallel to `product_ids`; placement `offers`: a decision about an offer;
    `parameters`: what was asked for, as `recommender.context.request_record` writes it; `degraded`: something
    was missing, as the answer says."""

    recommendation_id: str
    at: datetime
    placement: str
    product_ids: tuple[str, ...]
    sources: tuple[str, ...] = ()
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    model_version: str | None = None
    treated: ExperimentAssignment = ExperimentAssignment()
    parameters: str | None = None
    degraded: bool = False


_encode = msgspec.json.Encoder().encode


class ServedBuffer:
    """Collects records and sends them to the stream a few times a second.

    Records serve reports and training only: while the store is down or too slow, they are dropped and
    counted, and no answer waits for them.
    """

    def __init__(self, store: Connection, settings: StoreSettings) -> None:
        self._store = store
        self._length = max(1, settings.served_stream_length // RECORDS_PER_ENTRY)
        self._records: list[bytes] = []
        self.dropped = 0

    def add(self, record: ServedRecord) -> None:
        """Buffer one record; never waits, never fails."""
        if len(self._records) < BUFFERED_RECORDS:
            self._records.append(_encode(record))  # encoding all at once in `flush` would delay answers
        else:
            self.dropped += 1

    async def flush(self) -> None:
        """Send all buffered records, without a retry."""
        records, self._records = self._records, []
        try:
            parts = [
                records[start : start + RECORDS_PER_ENTRY]
                for start in range(0, len(records), RECORDS_PER_ENTRY)
            ]
            replies = [self._append(part) for part in parts]
        except Exception as error:
            self.dropped += len(records)
            if not isinstance(error, StoreUnavailable):
                logger.exception("Records of answers were dropped")
            return
        outcomes = await asyncio.gather(*replies, return_exceptions=True)
        self.dropped += sum(
            len(part) for part, outcome in zip(parts, outcomes, strict=True) if isinstance(outcome, Exception)
        )

    async def run(self, interval_s: float = 0.2) -> None:
        """Flush until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(interval_s)
                await self.flush()
        finally:
            await self.flush()

    def _append(self, records: list[bytes]) -> asyncio.Future[bytes]:
        packed = b"[%b]" % b",".join(records)
        return self._store.send("XADD", keys.served_stream(), "MAXLEN", "~", self._length, "*", "s", packed)
