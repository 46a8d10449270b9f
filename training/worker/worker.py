"""The worker role: archives events, hands out triggers, and trains a new model when it is due."""

import logging
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import redis

from features.history.archiver import Archiver
from features.history.table_files import table_files
from features.home import Home
from features.store.parts import Part
from features.store.settings import StoreSettings
from features.store.trainings import asked_training, forget_asked
from recommender.model import versions
from training.settings import TrainingSettings
from training.worker.ad_audience import keep_audience
from training.worker.catalogue_by_url import keep_catalogue
from training.worker.catalogue_news import CatalogueNews
from training.worker.erasures import run_erasures
from training.worker.exports import run_exports
from training.worker.outbound_rounds import Outbound
from training.worker.prices import keep_prices
from training.worker.trigger_rounds import Lifecycle
from training.worker.upkeep import keep_in_order

logger = logging.getLogger("perennial.worker")

RETRAIN_CHECK_S = 5.0
RETRAIN_PAUSE_S, PAUSES_A_TRAINING = 30.0, 4.0
NICENESS = 19


def work(home: Home, redis_url: str, store_settings: StoreSettings, settings: TrainingSettings) -> None:
    """Archive, hand out triggers and retrain until SIGTERM, at the lowest priority."""
    os.nice(NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    archiver = Archiver(redis.Redis.from_url(redis_url), home, store_settings)
    lifecycle = Lifecycle(redis.Redis.from_url(redis_url), home, store_settings.holdout)
    outbound = Outbound(redis.Redis.from_url(redis_url), home, store_settings.holdout)
    threads = [
        threading.Thread(target=archiver.run, kwargs={"stop": stop}),
        threading.Thread(target=lifecycle.run, args=(stop,)),
        threading.Thread(target=outbound.run, args=(stop,)),
        threading.Thread(
            target=keep_in_order, args=(redis.Redis.from_url(redis_url), home, store_settings, stop)
        ),
        threading.Thread(target=keep_audience, args=(redis.Redis.from_url(redis_url), home, stop)),
        threading.Thread(target=keep_prices, args=(redis.Redis.from_url(redis_url), home, stop)),
        threading.Thread(target=keep_catalogue, args=(redis.Redis.from_url(redis_url), home, stop)),
        threading.Thread(
            target=run_erasures, args=(redis.Redis.from_url(redis_url), home, store_settings, stop)
        ),
        threading.Thread(
            target=run_exports, args=(redis.Redis.from_url(redis_url), home, store_settings, stop)
        ),
    ]
    for thread in threads:
        thread.start()
    news = CatalogueNews(redis.Redis.from_url(redis_url), home)
    _retrain(home, redis_url, timedelta(hours=settings.retrain_hours), news, stop)
    for thread in threads:
        thread.join()


def _retrain(
    home: Home, redis_url: str, every: timedelta, news: CatalogueNews, stop: threading.Event
) -> None:
    """Train whenever it is due or asked for, until `stop` is set."""
    checking, training, failed_at = Part("retraining", home), Part("training", home), None
    while not stop.wait(RETRAIN_CHECK_S):
        with checking.round():
            now = datetime.now(UTC)
            is_asked = asked_training(home) is not None
            if is_asked or training_is_due(home, now, failed_at, every, news.digest()):
                failed_at = now
                is_published = _train(home, redis_url, stop)
                forget_asked(home)
                if is_published:
                    failed_at = None
                    training.works()
                elif not stop.is_set():
                    training.failed("the last training published nothing")


def training_is_due(
    home: Home, now: datetime, failed_at: datetime | None, every: timedelta, texts: str = ""
) -> bool:
    """Whether the history is newer than the last model, and the last training or failure is old enough; or
    the catalogue's texts are others than it learned from. texts: `texts_digest`, "" without a catalogue.

    For new texts, and for the first orders, a training may take a fifth of the time; half a minute lies
    between two in any case.
    """
    newest = max((path.stat().st_mtime for path in table_files(home.events)), default=0.0)
    if failed_at is not None and now - failed_at < every:
        return False
    trained = max(versions.manifests(home.models), key=lambda each: each.created_at, default=None)
    if trained is None:
        return newest > 0 or bool(texts)
    last = datetime.fromisoformat(trained.created_at)
    seconds = float(trained.settings.get("seconds", 0.0))
    pause = min(every, timedelta(seconds=max(RETRAIN_PAUSE_S, PAUSES_A_TRAINING * seconds)))
    if now - last >= pause and texts != trained.settings.get("texts", texts):
        return True
    return now - last >= (every if trained.orders else pause) and newest > last.timestamp()


def _train(home: Home, redis_url: str, stop: threading.Event) -> bool:
    """Train in a process of its own, so that archiving goes on even if it crashes. True: published."""
    command = [sys.executable, "-P", "-m", "perennial", "train", "--home", str(home.root)]
    child = subprocess.Popen(
        command,
        env={**os.environ, "REDIS_URL": redis_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    logger.info("training began", extra={"pid": child.pid})
    while child.poll() is None and not stop.wait(0.2):
        pass
    if child.poll() is None:
        child.terminate()
    complaint = child.communicate()[1].decode(errors="replace").strip()
    if child.returncode != 0:
        logger.warning(
            "training published nothing; the old model serves on", extra={"reason": complaint[-500:]}
        )
    return child.returncode == 0
